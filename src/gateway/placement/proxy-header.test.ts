import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assert as checkThat, constantFrom, nat, property } from 'fast-check';
import { readProxyHeader, writeProxyHeader } from './proxy-header.ts';

const V4 = {
  client: { address: '192.0.2.1', port: 56_324 },
  destination: { address: '203.0.113.5', port: 143 },
};
const V6 = {
  client: { address: '2001:db8::1', port: 1 },
  destination: { address: '2001:db8::', port: 65_535 },
};

function refusal(text: string | Buffer): string {
  const reading = readProxyHeader(Buffer.from(text));
  return reading.kind === 'refused' ? reading.why : reading.kind;
}

function line(length: number): string {
  return `PROXY UNKNOWN ${'x'.repeat(length - 16)}\r\n`;
}

function extended(payload: number): Buffer {
  const header = Buffer.concat([writeProxyHeader('v2', V4), Buffer.alloc(payload - 12)]);
  header.writeUInt16BE(payload, 14);
  return header;
}

describe('a PROXY header', () => {
  it('is read as it was written, in both versions and families, and leaves what follows', () => {
    for (const version of ['v1', 'v2'] as const) {
      for (const ends of [V4, V6]) {
        const header = writeProxyHeader(version, ends);
        const reading = readProxyHeader(Buffer.concat([header, Buffer.from('* OK')]));
        assert.deepEqual(reading, { kind: 'header', ends, length: header.length });
      }
    }
  });

  it('is waited for as long as it is not whole', () => {
    for (const version of ['v1', 'v2'] as const) {
      const header = writeProxyHeader(version, V6);
      for (let end = 1; end < header.length; end += 1) {
        assert.equal(readProxyHeader(header.subarray(0, end)).kind, 'undecided');
      }
    }
  });

  it('of a proxy that speaks for itself names nobody', () => {
    const mixed = { client: V4.client, destination: V6.destination };
    for (const version of ['v1', 'v2'] as const) {
      const reading = readProxyHeader(writeProxyHeader(version, mixed));
      assert.ok(reading.kind === 'header');
      assert.equal(reading.ends, undefined);
    }
    assert.equal(readProxyHeader(Buffer.from('PROXY UNKNOWN ffff::1 ::1 1 2\r\n')).kind, 'header');
  });

  it('is refused when anything in it is not what it should be', () => {
    for (const line of [
      'PROXY TCP4 999.1.1.1 1.1.1.1 1 2',
      'PROXY TCP4 1.1.1.1 1.1.1.1 1 65536',
      'PROXY TCP4 1.1.1.1 1.1.1.1 01 2',
      'PROXY TCP4 ::1 ::1 1 2',
      'PROXY TCP6 1.1.1.1 1.1.1.1 1 2',
      'PROXY TCP6 fe80::1%eth0 ::1 1 2',
      'PROXY TCP4 1.1.1.1  1.1.1.1 1 2',
      'PROXY TCP4 1.1.1.1 1.1.1.1 1',
      'PROXY TCP4 1.1.1.1 1.1.1.1 1 2 3',
      'PROXY UDP4 1.1.1.1 1.1.1.1 1 2',
    ]) {
      assert.equal(refusal(`${line}\r\n`), 'malformed', line);
    }
    assert.equal(refusal('a LOGIN x y\r\n'), 'not-proxy');
    assert.equal(refusal(Buffer.from([0x16, 3, 1])), 'not-proxy');
    const wrongVersion = writeProxyHeader('v2', V4);
    wrongVersion[12] = 0x11;
    assert.equal(refusal(wrongVersion), 'malformed');
    const short = writeProxyHeader('v2', V6);
    short.writeUInt16BE(35, 14);
    assert.equal(refusal(short), 'malformed');
  });

  it('may be 107 bytes of a line and 2 KiB of extensions, and not one more', () => {
    assert.equal(refusal(line(107)), 'header');
    assert.equal(refusal(line(108)), 'too-long');
    assert.equal(refusal(extended(2048)), 'header');
    assert.equal(refusal(extended(2049)), 'too-long');
  });

  it('never makes the reader throw', () => {
    checkThat(
      property(constantFrom('v1', 'v2'), nat(60), nat(255), (version, at, value) => {
        const header = writeProxyHeader(version === 'v1' ? 'v1' : 'v2', V6);
        header[at % header.length] = value;
        readProxyHeader(header);
      }),
    );
  });
});
