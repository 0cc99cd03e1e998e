import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assert as checkThat, nat, property, tuple } from 'fast-check';
import {
  numbersBody,
  protocolsBody,
  serverNameBody,
  writeHello,
} from '../../../test/support/client-hello.ts';
import { MAX_HELLO_BYTES, readClientHello } from './client-hello.ts';
import { ja4 } from './ja4.ts';

const HELLO = {
  ciphers: [0x1301, 0x1302],
  extensions: [
    [0, serverNameBody('Mail.Example.ORG')],
    [16, protocolsBody('imap', 'pop3')],
    [43, numbersBody([0x0304, 0x0303], 1)],
  ],
} as const;

function helloOf(bytes: Buffer) {
  const reading = readClientHello(bytes);
  assert.equal(reading.kind, 'hello');
  assert.ok(reading.kind === 'hello');
  return reading.hello;
}

describe('a ClientHello', () => {
  it('says the name, in lower case, and the protocols', () => {
    const hello = helloOf(writeHello(HELLO));
    assert.equal(hello.serverName, 'mail.example.org');
    assert.deepEqual(hello.protocols, ['imap', 'pop3']);
    assert.deepEqual(hello.versions, [0x0304, 0x0303]);
  });

  it('may be spread over records of any size, and arrive byte by byte', () => {
    for (const recordBytes of [1, 2, 3, 7, 64]) {
      const bytes = writeHello(HELLO, recordBytes);
      for (let end = 1; end < bytes.length; end += 1) {
        assert.equal(readClientHello(bytes.subarray(0, end)).kind, 'undecided', `${recordBytes} ${end}`);
      }
      assert.equal(helloOf(bytes).serverName, 'mail.example.org');
    }
  });

  it('is told from clear text by its first bytes', () => {
    for (const text of ['a LOGIN x y\r\n', 'GET / HTTP/1.1\r\n', '\x16\x02\x01']) {
      assert.equal(readClientHello(Buffer.from(text, 'latin1')).kind, 'not-tls');
    }
    assert.equal(readClientHello(Buffer.from([0x16])).kind, 'undecided');
  });

  it('is refused when it is another message, or has an extension twice', () => {
    const other = writeHello(HELLO);
    other[5] = 2;
    assert.equal(readClientHello(other).kind, 'malformed');
    const [name] = HELLO.extensions;
    const twice = writeHello({ ciphers: [1], extensions: [name, [0, serverNameBody('evil.example')]] });
    assert.equal(readClientHello(twice).kind, 'malformed');
    assert.equal(readClientHello(Buffer.from([0x16, 3, 1, 0, 0])).kind, 'malformed');
  });

  it('is taken up to its limit and not one byte above it', () => {
    const overhead = writeHello({ ciphers: [1], extensions: [[21, Buffer.alloc(0)]] }).length - 9;
    const sized = (bytes: number) =>
      readClientHello(writeHello({ ciphers: [1], extensions: [[21, Buffer.alloc(bytes - overhead)]] }, 8192))
        .kind;
    assert.equal(sized(MAX_HELLO_BYTES), 'hello');
    assert.equal(sized(MAX_HELLO_BYTES + 1), 'malformed');
  });

  it('never makes the reader throw', () => {
    const mutated = tuple(nat(200), nat(255), nat(200));
    checkThat(
      property(mutated, ([at, value, length]) => {
        const bytes = writeHello(HELLO);
        bytes[at % bytes.length] = value;
        readClientHello(bytes.subarray(0, length));
      }),
      { numRuns: 500 },
    );
  });
});

describe('the JA4 fingerprint', () => {
  /** The worked example of the specification. */
  const EXTENSIONS = [
    0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01,
    0x000b, 0x000a, 0x0015,
  ];
  const CIPHERS = [
    0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d,
    0x002f, 0x0035,
  ];
  const ALGORITHMS = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
  const BODIES = new Map([
    [0x0000, serverNameBody('example.org')],
    [0x0010, protocolsBody('h2', 'http/1.1')],
    [0x000d, numbersBody(ALGORITHMS, 2)],
    [0x002b, numbersBody([0x0304, 0x0303], 1)],
  ]);
  const extensions = (types: readonly number[]) =>
    types.map((type) => [type, BODIES.get(type) ?? Buffer.alloc(0)] as const);

  it('is that of the specification, with GREASE or without', () => {
    const expected = 't13d1516h2_8daaf6152771_e5627efa2ab1';
    const plain = writeHello({ ciphers: CIPHERS, extensions: extensions(EXTENSIONS) });
    assert.equal(ja4(helloOf(plain)), expected);
    const greased = writeHello({
      ciphers: [0x8a8a, ...CIPHERS],
      extensions: extensions([0x1a1a, ...EXTENSIONS, 0xfafa]),
    });
    assert.equal(ja4(helloOf(greased)), expected);
  });

  it('says when there is no name, protocol, extension or signature algorithm', () => {
    const bare = writeHello({ ciphers: [], extensions: [], legacyVersion: 0x0301 });
    assert.equal(ja4(helloOf(bare)), 't10i000000_000000000000_000000000000');
  });
});
