import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { createDemoServer, type DemoServer } from '../../src/cli/demo/server/demo-server.ts';
import { infectedMail, markerBytes, survivingBytes } from '../corpus/infected-mail.ts';
import { realisticMail } from '../corpus/realistic-mail.ts';
import { Seeded } from '../corpus/seeded.ts';
import { selfSigned } from './harness/certificate.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader, type ImapResult } from './harness/imap-reader.ts';
import { imapEndpoint, type MailServer, PASSWORD } from './harness/mail-server.ts';
import { Cleanup, removeFolder, scratchFolder } from './harness/scratch.ts';

const USER = 'u1';
const REQUESTS = 2_000;
/** What iOS and macOS read at a time. */
const WINDOW = 393_216;
const LARGE_BYTES = 20_000_000;
const MAX_UPSTREAM = 1.1;
const SECTIONS = ['', '1', '2', '1.1', '2.1', '1.2', '3', '2.2.1', 'TEXT', 'HEADER', '1.MIME', '2.MIME'];
const NESTED = ['2.HEADER', '2.TEXT', '1.HEADER', '1.TEXT', '2.HEADER.FIELDS (Subject To)'];
const SUBSETS = ['HEADER.FIELDS (From Subject)', 'HEADER.FIELDS.NOT (Received)'];

function randomSection(random: Seeded): string {
  return random.pick([...SECTIONS, ...SECTIONS, ...NESTED, ...SUBSETS]);
}

function randomItem(random: Seeded): string {
  const kind = random.between(0, 11);
  if (kind < 3) {
    return random.pick(['RFC822', 'RFC822.TEXT', 'RFC822.HEADER', 'RFC822.SIZE', 'BODYSTRUCTURE', 'UID']);
  }
  const range =
    random.between(0, 1) === 0 ? `<${random.between(0, 70_000)}.${random.between(1, 70_000)}>` : '';
  if (kind === 3) {
    return `BINARY.PEEK[${random.pick(['1', '2', '1.1'])}]${range}`;
  }
  return `BODY.PEEK[${randomSection(random)}]${range}`;
}

/** One or several items of one or several messages. */
function randomCommand(random: Seeded, first: number, last: number): string {
  const one = random.between(first, last);
  const set = random.pick([`${one}`, `${one}`, `${one}`, `${one}:${Math.min(last, one + 2)}`]);
  const items = Array.from({ length: random.between(1, 3) }, () => randomItem(random));
  return `${random.pick(['FETCH', 'UID FETCH'])} ${set} (${[...new Set(items)].join(' ')})`;
}

/** Content by length and digest, so that a difference can be printed. */
function described(content: Buffer): string {
  return `${content.length} ${createHash('sha256').update(content).digest('hex').slice(0, 16)}`;
}

/** Values by message and item, whatever their order; flags left out, an empty value in one form. */
function valuesOf({ untagged }: ImapResult): Map<string, string> {
  const values = new Map<string, string>();
  for (const { text, literals } of untagged) {
    const number = /^\* (\d+) FETCH/.exec(text)?.[1];
    const left = [...literals];
    for (const [, item = '', form = ''] of text.matchAll(
      /((?:BODY|BINARY|RFC822)[A-Z0-9.]*(?:\[[^\]]*\])?(?:<\d+>)?|UID) (~?\{\d+\}|""|NIL|\d+|\(\(*"[^)]*)/g,
    )) {
      const content = form === '""' ? Buffer.alloc(0) : form.endsWith('}') ? left.shift() : undefined;
      values.set(`${number} ${item}`, content === undefined ? form : described(content));
    }
  }
  return values;
}

function open(server: MailServer): Promise<ImapReader> {
  return ImapReader.inbox(imapEndpoint(server, 'clear'), USER);
}

describe('sections and ranges of any kind', () => {
  const cleanup = new Cleanup();
  const clean = realisticMail({ count: 40, totalBytes: 4_000_000 });
  const infected = infectedMail();
  let dovecot: Dovecot;
  let gateway: Gateway;

  before(async () => {
    dovecot = cleanup.owns(await Dovecot.start());
    await dovecot.deliverAll(USER, [...clean, ...infected]);
    gateway = cleanup.owns(await Gateway.start(dovecot));
  });
  after(() => cleanup.run());

  it(`${REQUESTS} random requests on clean messages bring the values of a direct connection`, async () => {
    const random = new Seeded('imap-sections: clean');
    const [direct, held] = await Promise.all([open(dovecot), open(gateway)]);
    for (let done = 0; done < REQUESTS; done += 1) {
      const command = randomCommand(random, 1, clean.length);
      const [wanted, got] = [await direct.command(command), await held.command(command)];
      assert.equal(got.tagged.slice(0, 3), wanted.tagged.slice(0, 3), command);
      assert.deepEqual(valuesOf(got), valuesOf(wanted), command);
    }
    await Promise.all([direct.logout(), held.logout()]);
  });

  it('random requests on infected messages keep every origin and length and show no guilty byte', async () => {
    const random = new Seeded('imap-sections: infected');
    const [direct, held] = await Promise.all([open(dovecot), open(gateway)]);
    for (let done = 0; done < REQUESTS / 4; done += 1) {
      const command = randomCommand(random, clean.length + 1, clean.length + infected.length);
      const [wanted, got] = [await direct.command(command), await held.command(command)];
      const sizes = (result: ImapResult) =>
        [...valuesOf(result)].map(([item, value]) => `${item} ${value.split(' ', 1).join('')}`).sort();
      assert.deepEqual(sizes(got), sizes(wanted), command);
      for (const literal of got.untagged.flatMap(({ literals }) => literals)) {
        assert.equal(markerBytes(literal), 0, command);
      }
    }
    await Promise.all([direct.logout(), held.logout()]);
  });

  it('the encoded bytes of a guilty piece do not come out of windows of its part either', async () => {
    const reader = await open(gateway);
    for (const [index, original] of infected.entries()) {
      for (const section of ['1', '2', 'TEXT']) {
        const pieces: Buffer[] = [];
        for (let origin = 0; origin < 2_000; origin += 50) {
          const { untagged } = await reader.ok(
            `FETCH ${clean.length + index + 1} BODY.PEEK[${section}]<${origin}.50>`,
          );
          pieces.push(...untagged.flatMap(({ literals }) => literals));
        }
        const read = Buffer.concat(pieces);
        assert.equal(markerBytes(read), 0, `${original.name} ${section}`);
        assert.equal(
          read.length > 0 && survivingBytes(read, original) > 0,
          false,
          `${original.name} ${section}`,
        );
      }
    }
    await reader.logout();
  });
});

/** A message whose large part is not the same anywhere. */
function largeMessage(): Buffer {
  const random = new Seeded('a large attachment');
  const lines: string[] = [];
  for (let bytes = 0; bytes < LARGE_BYTES; bytes += 74) {
    const words = Array.from({ length: 9 }, () =>
      random.between(0, 0xff_ff_ff_ff).toString(16).padStart(8, '0'),
    );
    lines.push(`${words.join('')}\r\n`);
  }
  const head = 'Subject: large\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n';
  const text = '--b\r\nContent-Type: text/plain\r\n\r\nsee below\r\n';
  return Buffer.from(
    `${head}${text}--b\r\nContent-Type: text/plain\r\n\r\n${lines.join('')}--b--\r\n`,
    'latin1',
  );
}

describe('a message of 20 MB read in windows', () => {
  const cleanup = new Cleanup();
  const message = largeMessage();
  let server: DemoServer;
  let gateway: Gateway;

  before(async () => {
    const folder = await scratchFolder('demo-certificate');
    cleanup.add(() => removeFolder(folder));
    server = await createDemoServer({ users: { [USER]: PASSWORD } });
    cleanup.add(() => server.close());
    server.deliver(USER, message);
    gateway = cleanup.owns(
      await Gateway.start({ ports: server.ports, certificate: await selfSigned(folder) }),
    );
  });
  after(() => cleanup.run());

  for (const section of ['', '2']) {
    it(`BODY[${section}] costs at most ${MAX_UPSTREAM} times its size upstream`, async () => {
      const reader = await open(gateway);
      const before = server.traffic.bytesSent;
      const pieces: Buffer[] = [];
      for (let origin = 0, size = WINDOW; size === WINDOW; origin += WINDOW) {
        const { untagged } = await reader.ok(`UID FETCH 1 (UID BODY.PEEK[${section}]<${origin}.${WINDOW}>)`);
        const piece = untagged.flatMap(({ literals }) => literals)[0] ?? Buffer.alloc(0);
        pieces.push(piece);
        size = piece.length;
      }
      await reader.logout();
      const read = Buffer.concat(pieces);
      const wanted = section === '' ? message : message.subarray(message.lastIndexOf('\r\n\r\n') + 4, -9);
      assert.equal(read.equals(wanted), true, `${read.length} of ${wanted.length} bytes`);
      const cost = (server.traffic.bytesSent - before) / message.length;
      assert.ok(cost <= MAX_UPSTREAM, `${cost.toFixed(3)} times`);
    });
  }
});
