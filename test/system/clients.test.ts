import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type InfectedMessage, infectedMail, markerBytes } from '../corpus/infected-mail.ts';
import { type CorpusMessage, realisticMail } from '../corpus/realistic-mail.ts';
import { type Download, downloadWith } from './clients/client.ts';
import { CLIENTS } from './clients/index.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { Cleanup } from './harness/scratch.ts';

const USER = 'u1';
/** Kept small: every client downloads it several times. The full corpus has a test of its own. */
const CORPUS = { count: 40, totalBytes: 4_000_000 };

function assertClean(clean: readonly CorpusMessage[], direct: Download, held: Download): void {
  for (const { name } of clean) {
    const expected = direct.get(name);
    assert.ok(expected !== undefined && held.get(name)?.equals(expected) === true, `${name} differs`);
  }
}

function assertNeutralised(infected: readonly InfectedMessage[], direct: Download, held: Download): void {
  for (const { name } of infected) {
    const message = held.get(name) ?? Buffer.alloc(0);
    assert.equal(message.length, direct.get(name)?.length, `size of ${name}`);
    assert.equal(markerBytes(message), 0, `marker bytes of ${name}`);
    assert.notDeepEqual(message, direct.get(name), `${name} was not changed`);
  }
}

describe('real clients before Dovecot', () => {
  const cleanup = new Cleanup();
  const clean = realisticMail(CORPUS);
  const infected = infectedMail();
  const all = [...clean, ...infected];
  let dovecot: Dovecot;
  let gateway: Gateway;

  before(async () => {
    dovecot = cleanup.owns(await Dovecot.start());
    await dovecot.deliverAll(USER, all);
    gateway = cleanup.owns(await Gateway.start(dovecot));
  });
  after(() => cleanup.run());

  for (const client of CLIENTS) {
    describe(client.name, () => {
      let direct: Download;
      before(async () => {
        direct = await downloadWith(client, dovecot, 'clear', USER);
      });

      it('gets every message directly', () => {
        assert.deepEqual([...direct.keys()].sort(), all.map(({ name }) => name).sort());
        for (const { name, bytes } of all) {
          const gained = (direct.get(name)?.length ?? 0) - bytes.length;
          const lines = bytes.toString('latin1').split('\r\n').length;
          assert.ok(gained >= -lines && gained < 1_000, `${name} is ${gained} bytes longer`);
        }
      });

      for (const security of client.securities) {
        it(`gets clean mail unchanged and infected mail neutralised (${security})`, async () => {
          const held = await downloadWith(client, gateway, security, USER);
          assert.deepEqual([...held.keys()].sort(), [...direct.keys()].sort());
          assertClean(clean, direct, held);
          assertNeutralised(infected, direct, held);
          gateway.assertRunning();
        });
      }
    });
  }
});
