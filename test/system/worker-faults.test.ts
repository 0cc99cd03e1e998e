import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Fault, faultyMail } from '../corpus/fault-mail.ts';
import { realisticMail } from '../corpus/realistic-mail.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { imapEndpoint, pop3Endpoint } from './harness/mail-server.ts';
import { Pop3Reader } from './harness/pop3-reader.ts';
import { Cleanup } from './harness/scratch.ts';
import { eventually } from './harness/wait.ts';

const FAULTS: readonly Fault[] = ['throw', 'exit', 'heap', 'loop'];
const CAUSES = {
  throw: 'engine-failed',
  exit: 'engine-failed',
  heap: 'engine-failed',
  loop: 'timeout',
} as const;
const SCAN_TIMEOUT_MS = 3_000;
/** Three deferrals by default, then the message is neutralised. */
const MAX_ATTEMPTS = 6;
const IMAP_USER = 'u1';
const POP3_USER = 'u2';
const BYSTANDER = 'u3';

type Attempt = { readonly kind: 'delivered'; readonly bytes: Buffer } | { readonly kind: 'deferred' };

async function assertDeferredThenNeutralised(
  attempt: () => Promise<Attempt>,
  original: Buffer,
): Promise<void> {
  const outcomes: Attempt[] = [];
  while (outcomes.length < MAX_ATTEMPTS && outcomes.at(-1)?.kind !== 'delivered') {
    outcomes.push(await attempt());
  }
  const last = outcomes.at(-1);
  assert.equal(outcomes[0]?.kind, 'deferred', 'the first attempt');
  assert.ok(last?.kind === 'delivered', `still deferred after ${outcomes.length} attempts`);
  assert.equal(last.bytes.length, original.length);
  const body = original.indexOf('\r\n\r\n') + 4;
  assert.ok(last.bytes.subarray(0, body).equals(original.subarray(0, body)), 'headers stay');
  assert.ok(!last.bytes.subarray(body).equals(original.subarray(body)), 'the body was not scanned');
}

describe('a scan that goes wrong', () => {
  const cleanup = new Cleanup();
  const clean = realisticMail({ count: 10, totalBytes: 400_000 });
  let dovecot: Dovecot;
  let gateway: Gateway;
  let bystander: ImapReader;
  const imapMail = FAULTS.map((fault) => faultyMail(`imap-${fault}`, fault));
  const pop3Mail = FAULTS.map((fault) => faultyMail(`pop3-${fault}`, fault));

  before(async () => {
    dovecot = cleanup.owns(await Dovecot.start());
    await dovecot.deliverAll(IMAP_USER, imapMail);
    await dovecot.deliverAll(POP3_USER, pop3Mail);
    await dovecot.deliverAll(BYSTANDER, clean);
    gateway = cleanup.owns(
      await Gateway.start(dovecot, {
        scan: { workers: 2, timeoutMs: SCAN_TIMEOUT_MS, deadlineMs: 20_000, workerHeapMb: 64 },
        env: { POSTERN_SCAN_FAULTS: '1' },
      }),
    );
    bystander = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), BYSTANDER);
  });
  after(() => cleanup.run());

  async function tryImap(number: number): Promise<Attempt> {
    const reader = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), IMAP_USER);
    const tag = reader.send(`FETCH ${number} (BODY.PEEK[])`);
    const response = await reader.response();
    if (response.text.startsWith('* BYE')) {
      assert.match(response.text, /^\* BYE \[UNAVAILABLE\]/);
      await reader.wire.closed();
      return { kind: 'deferred' };
    }
    assert.match((await reader.completion(tag)).tagged, /^OK/);
    await reader.logout();
    return { kind: 'delivered', bytes: response.literals[0] ?? Buffer.alloc(0) };
  }

  async function tryPop3(number: number): Promise<Attempt> {
    const reader = await Pop3Reader.login(pop3Endpoint(gateway, 'clear'), POP3_USER);
    const status = await reader.command(`RETR ${number}`);
    if (status.startsWith('-ERR')) {
      assert.match(status, /^-ERR \[SYS\/TEMP\]/);
      reader.wire.destroy();
      return { kind: 'deferred' };
    }
    const bytes = await reader.body();
    await reader.quit();
    return { kind: 'delivered', bytes };
  }

  async function assertAllElseLives(): Promise<void> {
    gateway.assertRunning();
    await bystander.ok('NOOP');
    const [first] = clean;
    const messages = await bystander.fetchAll('BODY.PEEK[]', '1');
    assert.ok(messages.get(1)?.equals(first?.bytes ?? Buffer.alloc(0)) === true);
  }

  for (const [index, fault] of FAULTS.entries()) {
    it(`${fault}: IMAP is told to come back, and gets the message neutralised later`, async () => {
      const original = imapMail[index]?.bytes ?? Buffer.alloc(0);
      await assertDeferredThenNeutralised(() => tryImap(index + 1), original);
      await assertAllElseLives();
    });

    it(`${fault}: POP3 is told to come back, and gets the message neutralised later`, async () => {
      const original = pop3Mail[index]?.bytes ?? Buffer.alloc(0);
      await assertDeferredThenNeutralised(() => tryPop3(index + 1), original);
      await assertAllElseLives();
    });

    it(`${fault}: the verdict with its cause is counted`, async () => {
      const cause = `cause="${CAUSES[fault as keyof typeof CAUSES]}"`;
      assert.ok((await gateway.metric('postern_scan_messages_total', 'verdict="unscannable"', cause)) > 0);
    });
  }

  it('the pool heals: mail that nobody has read is scanned as ever', async () => {
    const messages = await bystander.fetchAll();
    assert.deepEqual(
      [...messages.values()],
      clean.map(({ bytes }) => bytes),
    );
    await eventually('all workers are back', 20_000, async () =>
      (await gateway.metric('postern_pool_workers')) === 2 ? true : undefined,
    );
    await bystander.logout();
  });
});
