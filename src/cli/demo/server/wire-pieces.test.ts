import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { ArgumentReader, Refusal } from './argument-reader.ts';
import { createLoopbackCertificate } from './certificate.ts';
import { CommandReader, FramingError } from './command-reader.ts';
import { stuffDots } from './dot-stuffing.ts';
import { parseMimeStructure } from './mime-structure.ts';

async function readAll(stream: string, cut: number): Promise<string[]> {
  const reader = new CommandReader({ hasLiterals: true });
  for (let at = 0; at < stream.length; at += cut) {
    reader.push(Buffer.from(stream.slice(at, at + cut)));
  }
  reader.end();
  const commands: string[] = [];
  for (let next = await reader.next(); next !== undefined; next = await reader.next()) {
    commands.push(next.toString());
  }
  return commands;
}

function readLists(depth: number): unknown {
  const args = new ArgumentReader(Buffer.from('('.repeat(depth) + ')'.repeat(depth)));
  const nested = (): unknown => args.list(nested);
  return nested();
}

function depthOf(levels: number): number {
  const message = Buffer.from(`${'Content-Type: message/rfc822\r\n\r\n'.repeat(levels)}text`);
  let depth = 0;
  for (let part = parseMimeStructure(message).message; part !== undefined; part = part.message) {
    depth += 1;
  }
  return depth;
}

describe('commands', () => {
  const stream = 'a NOOP\r\nb X {3}\r\n{9}\r\nc X {2+}\r\n\r\n {0}\r\n y\r\nd\n';
  const commands = ['a NOOP', 'b X {3}\r\n{9}', 'c X {2+}\r\n\r\n {0}\r\n y', 'd'];
  for (const cut of [1, 2, 3, 7, stream.length]) {
    it(`are cut the same when they arrive ${cut} octets at a time`, async () => {
      assert.deepEqual(await readAll(stream, cut), commands);
    });
  }

  it('may have a line of 64 KiB and a literal of 64 MiB, not one octet more', async () => {
    assert.equal((await readAll(`${'x'.repeat(65_536)}\n`, 1e6)).length, 1);
    await assert.rejects(() => readAll(`${'x'.repeat(65_537)}\n`, 1e6), FramingError);
    assert.deepEqual(await readAll(`a X {${64 * 1024 * 1024}}\r\n`, 1e6), [], 'waits for the literal');
    await assert.rejects(() => readAll(`a X {${64 * 1024 * 1024 + 1}}\r\n`, 1e6), FramingError);
  });

  it('have parentheses 20 deep, not 21', () => {
    assert.ok(readLists(20));
    assert.throws(() => readLists(21), Refusal);
  });
});

describe('structure', () => {
  it('is found 50 entities deep, and the 51st is a leaf', () => {
    assert.equal(depthOf(50), 50);
    assert.equal(depthOf(51), 50);
  });

  it('splits at whole delimiter lines only, in LF and CRLF mail, closed or truncated', () => {
    for (const lineEnd of ['\r\n', '\n']) {
      for (const tail of ['--b--', '']) {
        const lines = [
          'Content-Type: multipart/mixed; boundary=b',
          '',
          '--b',
          '',
          'x--b',
          '--bb',
          '--b ',
          '',
          'y',
          tail,
        ];
        const message = Buffer.from(lines.join(lineEnd));
        const bodies = parseMimeStructure(message).children.map((part) =>
          message.toString('latin1', part.bodyStart, part.end).trimEnd(),
        );
        assert.deepEqual(bodies, [`x--b${lineEnd}--bb`, 'y']);
      }
    }
  });
});

it('dots are doubled at line starts only, and nothing is copied when there are none', () => {
  assert.equal(stuffDots(Buffer.from('.\r\n..\r\na.b\r\n.c')).toString(), '..\r\n...\r\na.b\r\n..c');
  const plain = Buffer.from('a.b\r\nc');
  assert.equal(stuffDots(plain), plain);
});

it('the certificate is valid now, self-signed, and names localhost and 127.0.0.1', () => {
  const certificate = new X509Certificate(createLoopbackCertificate().cert);
  assert.equal(certificate.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1');
  assert.ok(certificate.verify(certificate.publicKey));
  assert.ok(new Date(certificate.validFrom).getTime() < Date.now());
  assert.ok(new Date(certificate.validTo).getTime() > Date.now());
});
