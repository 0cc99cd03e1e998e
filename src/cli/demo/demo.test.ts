import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import type { Config } from '../../base/config/schema.ts';
import { silentLogger } from '../../base/log.ts';
import { openQuarantine } from '../../quarantine/open-quarantine.ts';
import { decodedViews, matches } from './client/decoded-views.ts';
import { runDemo } from './demo.ts';
import type { DemoGateway } from './environment.ts';
import { createDemoMessages, type DemoMessage } from './messages.ts';
import { eicar } from './messages/eicar.ts';
import { createDemoServer } from './server/demo-server.ts';
import { headerValue, parseMimeStructure, type MimePart } from './server/mime-structure.ts';
import { MAIL_PROTOCOLS } from './server/traffic.ts';

type Change = (message: DemoMessage) => Buffer;

/** A multiple of three characters, so that its base64 can be repeated. */
const NOTICE = '[Postern removed this content  .]';

/** Overwrites the last leaf, which is the guilty one in all of them, and keeps every size. */
function substitute(message: DemoMessage): Buffer {
  if (message.expected === 'clean') {
    return message.bytes;
  }
  const bytes = Buffer.from(message.bytes);
  const leaf = lastLeaf(parseMimeStructure(bytes));
  const isBase64 = headerValue(leaf.headers, 'content-transfer-encoding') === 'base64';
  const text = isBase64 ? Buffer.from(NOTICE).toString('base64') : NOTICE;
  let written = 0;
  for (let at = leaf.bodyStart; at < leaf.end; at += 1) {
    const isKept = bytes[at] === 13 || bytes[at] === 10 || bytes[at] === 61;
    bytes[at] = isKept ? bytes.readUInt8(at) : text.charCodeAt(written % text.length);
    written += isKept ? 0 : 1;
  }
  return bytes;
}

function lastLeaf(part: MimePart): MimePart {
  const inner = part.message ?? part.children.at(-1);
  return inner === undefined ? part : lastLeaf(inner);
}

interface Scene {
  readonly config: Config;
  readonly output: string;
  readonly code: number;
  readonly wasStopped: boolean;
}

/** Runs the demo with a second server in the gateway's place, which serves what `change` makes of the messages. */
async function runWith(argv: readonly string[], change: Change): Promise<Scene> {
  const lines: string[] = [];
  const seen: { config?: Config; wasStopped: boolean } = { wasStopped: false };
  const code = await runDemo(argv, {
    createGateway: async (config) => {
      seen.config = config;
      const double = await doubleOf(config, change);
      const stop = () => {
        seen.wasStopped = true;
        return double.stop('test');
      };
      return { ...double, stop };
    },
    print: (line) => lines.push(line),
    printError: (line) => lines.push(line),
    stopRequested: () => Promise.resolve(),
    usualPortBase: blockedBase,
  });
  assert.ok(seen.config, lines.join('\n'));
  return { config: seen.config, output: lines.join('\n'), code, wasStopped: seen.wasStopped };
}

async function doubleOf(config: Config, change: Change): Promise<DemoGateway> {
  const ports = Object.fromEntries(config.listeners?.map(({ protocol, port }) => [protocol, port]) ?? []);
  const server = await createDemoServer({ users: { demo: 'demo' }, ports });
  return {
    start: async () => {
      for (const message of createDemoMessages()) {
        server.deliver('demo', change(message), { flags: message.flags });
        if (message.expected === 'malicious') {
          await quarantine(config, message);
        }
      }
    },
    stop: () => server.close(),
    endpoints: MAIL_PROTOCOLS.map((protocol) => ({
      protocol,
      address: '127.0.0.1',
      port: server.ports[protocol],
    })),
    adminPort: 1,
  };
}

async function quarantine(config: Config, message: DemoMessage): Promise<void> {
  const buffer = new SharedArrayBuffer(message.bytes.length);
  new Uint8Array(buffer).set(message.bytes);
  const finding = {
    engine: 'e',
    rule: 'Test_Rule',
    namespace: 'n',
    class: 'malicious',
    severity: 'high',
  } as const;
  const { archive } = openQuarantine(config.quarantine, systemClock, silentLogger);
  await archive.commit(
    {
      sha256: '',
      scanId: '1',
      verdict: { kind: 'malicious', findings: [{ ...finding, part: 'raw', sha256: '' }] },
      protocol: 'imap',
      user: 'demo',
      client: '127.0.0.1',
      mailbox: 'INBOX',
      uid: '1',
      generation: '1',
    },
    { kind: 'memory', buffer, byteLength: message.bytes.length },
  );
  await archive.close();
}

/** A base whose IMAP port is taken, so that the tests do not meet on the usual ports. */
let blockedBase = 0;
const blocker = createServer();
before(async () => {
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  const address = blocker.address();
  assert.ok(address !== null && typeof address === 'object');
  blockedBase = address.port - 143;
});
after(() => blocker.close());

describe('the messages', () => {
  it('are about twenty with CRLF line ends, unique names, and the same in every run', () => {
    const messages = createDemoMessages();
    assert.ok(messages.length >= 20);
    assert.equal(new Set(messages.map((message) => message.name)).size, messages.length);
    assert.deepEqual(messages, createDemoMessages());
    for (const message of messages) {
      assert.doesNotMatch(message.bytes.toString('latin1'), /[^\r]\n|\r(?!\n)/, message.name);
    }
  });
  it('carry the test file exactly where they are said to', () => {
    for (const message of createDemoMessages()) {
      const isInfected = matches(decodedViews(message.bytes), eicar());
      assert.equal(isInfected, message.expected === 'malicious', message.name);
    }
  });
});

describe('demo --once', () => {
  it('exits 0 and prints a table of at most 100 columns when all is as it must be', async () => {
    const { output, code, config, wasStopped } = await runWith(['--once'], substitute);
    assert.equal(code, 0, output);
    assert.match(output, /EICAR in a zip +pop3s +malicious +malicious +Test_Rule +-?[\d.]+ yes/);
    assert.match(output, /plain text +imap +clean +clean +- +-?[\d.]+ yes/);
    assert.ok(output.split('\n').every((line) => line.length <= 100));
    assert.ok(wasStopped);
    assert.ok(!existsSync(config.quarantine.path), 'the folder is removed');
  });

  const faults: readonly (readonly [what: string, change: Change, problem: RegExp])[] = [
    ['an infected message comes through', (message) => message.bytes, /observed clean/],
    [
      'a clean message has one other octet',
      changeOneOctet,
      /plain text, imap: expected clean, observed altered/,
    ],
    [
      'a size changed',
      (message) => Buffer.concat([substitute(message), Buffer.from('\r\n')]),
      /a size changed/,
    ],
    ['the header of an infected message changed', changeHeader, /the header changed/],
    ['the test file is still there beside the notice', keepTestFile, /the test file came through/],
  ];
  for (const [what, change, problem] of faults) {
    it(`exits 1 when ${what}`, async () => {
      const { output, code } = await runWith(['--once'], change);
      assert.equal(code, 1);
      assert.match(output, problem);
    });
  }

  it('prints one JSON object for each message and protocol with --json', async () => {
    const { output } = await runWith(['--once', '--json'], substitute);
    const rows = output.split('\n').map((line): unknown => JSON.parse(line));
    assert.equal(rows.length, createDemoMessages().length * MAIL_PROTOCOLS.length);
  });

  it('takes free ports and checks the certificate of the server', async () => {
    const { config } = await runWith(['--once'], substitute);
    assert.deepEqual(
      config.listeners?.map((listener) => listener.port),
      [0, 0, 0, 0],
    );
    assert.equal(config.upstream.tls.verify, true);
  });
});

function changeOneOctet(message: DemoMessage): Buffer {
  const bytes = Buffer.from(substitute(message));
  if (message.name === 'plain text') {
    bytes.writeUInt8(35, bytes.length - 3);
  }
  return bytes;
}

function changeHeader(message: DemoMessage): Buffer {
  const bytes = Buffer.from(substitute(message));
  bytes.write(message.expected === 'malicious' ? 'X' : 'R');
  return bytes;
}

function keepTestFile(message: DemoMessage): Buffer {
  const bytes = Buffer.from(substitute(message));
  if (message.name === 'EICAR in the body') {
    bytes.write(eicar(), bytes.indexOf('\r\n\r\n') + 4 + 68 + 2);
  }
  return bytes;
}

describe('demo', () => {
  it('says how to connect, where the metrics are, and stops when asked', async () => {
    const { output, code, wasStopped } = await runWith([], substitute);
    assert.equal(code, 0);
    assert.match(output, /server 127\.0\.0\.1 +user demo +password demo/);
    assert.match(output, /IMAP +\d+ +STARTTLS +IMAPS +\d+ +SSL\/TLS/);
    assert.match(output, /http:\/\/127\.0\.0\.1:1\/metrics/);
    assert.ok(wasStopped);
  });

  it('takes other ports when the usual ones are not free, and says so', async () => {
    const { output } = await runWith([], substitute);
    assert.match(output, new RegExp(`The usual ports are not free \\(.*${blockedBase + 143}`));
  });

  it('refuses a --port-base whose ports are taken, and says which', async () => {
    const { code, output } = await runAlone(['--port-base', String(blockedBase)]);
    assert.equal(code, 1);
    assert.match(output, new RegExp(`${blockedBase + 143}.*choose another --port-base`));
  });

  it('exits 2 for arguments that it does not know and bases that cannot be', async () => {
    assert.equal((await runAlone(['--frob'])).code, 2);
    assert.equal((await runAlone(['--port-base', '64541'])).code, 2);
    assert.equal((await runAlone(['--port-base', 'x'])).code, 2);
    assert.equal((await runAlone(['--port-base', '64540', '--help'])).code, 0);
  });

  it('explains itself', async () => {
    assert.match((await runAlone(['--help'])).output, /--once/);
  });

  it('exits 1 with the reason when the gateway does not start', async () => {
    const { code, output } = await runAlone(['--once']);
    assert.equal(code, 1);
    assert.match(output, /demo: no gateway here/);
  });
});

async function runAlone(argv: readonly string[]) {
  const lines: string[] = [];
  const code = await runDemo(argv, {
    createGateway: () => Promise.reject(new Error('no gateway here')),
    print: (line) => lines.push(line),
    printError: (line) => lines.push(line),
    stopRequested: () => Promise.resolve(),
    usualPortBase: blockedBase,
  });
  return { code, output: lines.join('\n') };
}
