import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { MARKER, mimeEvasions } from '../../../test/corpus/mime-evasions.ts';
import { mimeLabelEvasions } from '../../../test/corpus/mime-label-evasions.ts';
import type { Engine } from '../engines/engine.ts';
import { neutralise } from '../neutralise/neutralise.ts';
import { createPipeline } from '../pipeline.ts';
import { TEST_LIMITS } from '../test-limits.ts';

const marker: Engine = {
  name: 'marker',
  inspect: (piece, sha256) =>
    Buffer.from(piece.bytes).includes(MARKER)
      ? [
          {
            engine: 'marker',
            rule: 'marker',
            namespace: 'test',
            class: 'malicious',
            severity: 'low',
            part: piece.path,
            sha256,
          },
        ]
      : [],
};
const blind: Engine = { name: 'blind', inspect: () => [] };

/** Our own walk alone: what it misses may not be hidden by the second reader. */
const alone = { secondReader: () => Promise.resolve([]) };

function pipelineOf(engine: Engine, parts = {}): ReturnType<typeof createPipeline> {
  return createPipeline({ engines: [engine], unpackers: [], limits: TEST_LIMITS, now: () => 0, ...parts });
}

const evasions = [...mimeEvasions(), ...mimeLabelEvasions()];
const rows = Map.groupBy(evasions, (evasion) => evasion.row);

/** Nothing but the header carries it, and headers are never altered. */
const IN_HEADER = new Set([
  'marker in an encoded word',
  ...evasions.filter(({ row }) => row === 'encoded words').map(({ name }) => name),
]);

describe('techniques that hide content', () => {
  it('are represented: every row of the table has cases, and none shows the marker in clear', () => {
    assert.ok(rows.size >= 10);
    assert.ok(evasions.every((evasion) => !evasion.message.includes(MARKER)));
  });

  for (const [row, cases] of rows) {
    it(`${row}: ${cases.length} cases are found by our own walk`, async () => {
      const pipeline = pipelineOf(marker, alone);
      for (const { name, message } of cases) {
        const { verdict } = await pipeline.scan(message, 'message');
        assert.equal(verdict.kind, 'malicious', name);
      }
    });

    it(`${row}: what is found is disarmed without a change of size`, async () => {
      const pipeline = pipelineOf(marker);
      for (const { name, message } of cases.filter((one) => !IN_HEADER.has(one.name))) {
        const { guilt } = await pipeline.scan(message, 'message');
        const disarmed = Buffer.from(message);
        for (const patch of neutralise(message, guilt, 'removed by the test')) {
          disarmed.set(patch.bytes, patch.offset);
        }
        const again = await pipeline.scan(disarmed, 'message');
        assert.notEqual(again.verdict.kind, 'malicious', name);
      }
    });

    it(`${row}: the same structure with nothing bad in it is clean, or ambiguous at most`, async () => {
      const pipeline = pipelineOf(blind, { readers: 'both' });
      for (const { name, message } of cases) {
        const { verdict } = await pipeline.scan(message, 'message');
        const rules = verdict.kind === 'suspicious' ? verdict.findings.map(({ rule }) => rule) : [];
        const isAmbiguous = rules.length > 0 && rules.every((rule) => rule.startsWith('ambiguous-'));
        assert.ok(verdict.kind === 'clean' || isAmbiguous, `${name}: ${verdict.kind}`);
      }
    });
  }
});

async function judge(message: string): Promise<string[]> {
  const { verdict } = await pipelineOf(blind).scan(Buffer.from(message), 'message');
  return verdict.kind === 'suspicious'
    ? verdict.findings.map(({ rule, part }) => `${rule} ${part}`)
    : [verdict.kind];
}

function mixed(boundary: string): string {
  return `Content-Type: multipart/mixed; boundary=${boundary}\r\n`;
}

describe('ambiguity', () => {
  const body = '--a\r\n\r\none\r\n--a--\r\n--b\r\n\r\ntwo\r\n--b--\r\n';
  it('is suspicious when two boundaries or two encodings give different contents', async () => {
    assert.deepEqual(await judge(`${mixed('a')}${mixed('b')}\r\n${body}`), ['ambiguous-boundary 1']);
    const fields = 'Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 7bit\r\n';
    assert.deepEqual(await judge(`${fields}\r\naGFybWxlc3MgdGV4dA==`), ['ambiguous-encoding 1']);
  });

  it('is not what cosmetic faults are: repetitions, unused boundaries, encodings that change nothing', async () => {
    assert.deepEqual(await judge(`${mixed('a')}${mixed('a')}\r\n${body.slice(0, 19)}`), ['clean']);
    assert.deepEqual(await judge(`${mixed('a')}${mixed('other')}\r\n${body.slice(0, 19)}`), ['clean']);
    const fields = 'Content-Transfer-Encoding: 8bit\r\nContent-Transfer-Encoding: 7bit\r\n';
    assert.deepEqual(await judge(`${fields}\r\nhello there`), ['clean']);
  });
});

/** Harmless changes that some hop or sender makes; none may hide what was found. */
const CHANGES: readonly ((text: string) => string)[] = [
  (text) => text.replaceAll('\r\n', '\n'),
  (text) => text.replace('Content-Type:', 'content-TYPE:'),
  (text) => text.replace('Content-Transfer-Encoding: ', 'Content-Transfer-Encoding:   '),
  (text) => text.replace('Content-Type: ', 'Content-Type: (comment) '),
  (text) => text.replace('MIME-Version: 1.0\r\n', 'X-Other: 1\r\nMIME-Version: 1.0\r\n'),
  (text) => `${text}\r\n\r\n`,
  (text) => text.replace('\r\n\r\n', '\r\n\r\n\r\n'),
  (text) => `Received: from a by b; Mon, 1 Jan 2026 00:00:00 +0000\r\n${text}`,
];

/** These hide by the very place of the first bytes or of a line end, which the changes above take away. */
const FRAGILE = new Set(['framing']);

describe('harmless changes to a message', () => {
  for (const [i, change] of CHANGES.entries()) {
    it(`do not hide what was found: change ${i + 1}`, async () => {
      const pipeline = pipelineOf(marker, alone);
      for (const { name, row, message } of evasions) {
        if (!FRAGILE.has(row)) {
          const changed = Buffer.from(change(message.toString('latin1')), 'latin1');
          const { verdict } = await pipeline.scan(changed, 'message');
          assert.equal(verdict.kind, 'malicious', name);
        }
      }
    });
  }
});

/** Fragments that structure is made of, in any order. */
const fragments = fc.constantFrom(
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '--b',
  '--b--',
  '--',
  'Content-Type: multipart/mixed; boundary=b',
  'Content-Type: message/rfc822',
  'Content-Type: text/html; charset=utf-16',
  'Content-Transfer-Encoding: base64',
  'Content-Transfer-Encoding: quoted-printable',
  'From: a@b',
  'From a@b',
  'Subject: =?utf-8?b?UE9T?=',
  'begin 644 a',
  '=ybegin line=1 name=a',
  '(This file must be converted with BinHex 4.0)\r\n:',
  'UE9TVEVSTi1URVNU',
  '=50=4F',
  '=\r\n',
  '+AFAATw-',
  '\x1b(B',
  'POSTERN-TEST',
  ';"boundary*0*=',
);
const anyMessage = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fragments },
      {
        weight: 1,
        arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      },
    ),
    { maxLength: 60 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'));

describe('any bytes at all', () => {
  it('give a verdict, the same one twice, and guilt within the message', async () => {
    const pipeline = pipelineOf(marker);
    await fc.assert(
      fc.asyncProperty(
        anyMessage,
        fc.constantFrom('message' as const, 'fragment' as const),
        async (message, subject) => {
          const first = await pipeline.scan(message, subject);
          const second = await pipeline.scan(Buffer.from(message), subject);
          assert.deepEqual(second, first);
          if (first.guilt.kind === 'ranges') {
            assert.ok(first.guilt.ranges.every((range) => range.start >= 0 && range.end <= message.length));
          }
          assert.ok(!message.includes(MARKER) || first.verdict.kind === 'malicious');
        },
      ),
      { numRuns: 300 },
    );
  });

  it('are left alone: the message is only read', async () => {
    const pipeline = pipelineOf(marker);
    await fc.assert(
      fc.asyncProperty(anyMessage, async (message) => {
        const copy = Buffer.from(message);
        await pipeline.scan(message, 'message');
        assert.deepEqual(message, copy);
      }),
      { numRuns: 100 },
    );
  });
});

async function pathsOf(...lines: readonly string[]): Promise<string[]> {
  const paths: string[] = [];
  const engine: Engine = {
    name: 'paths',
    inspect: (piece) => {
      paths.push(piece.path);
      return [];
    },
  };
  await pipelineOf(engine, alone).scan(Buffer.from(lines.join('\r\n')), 'message');
  return paths;
}

describe('malformed quoted-printable', () => {
  const body = ['caf=C3=', 'A9 gr=C3=', '=BC=C3=9F=', 'e =E2=82=', 'AC =3', 'D=3D', ''];

  it('is read in every way where a part says that it is some, and then not again without structure', async () => {
    const paths = await pathsOf('Content-Transfer-Encoding: quoted-printable', '', ...body);
    assert.ok(paths.filter((path) => path === '1').length >= 2, paths.join(' '));
    assert.ok(!paths.includes('blind.quoted-printable'), paths.join(' '));
  });

  it('is read without structure where nothing says so', async () => {
    const paths = await pathsOf('Content-Type: multipart/mixed; boundary=b', '', '--x', '', ...body);
    assert.ok(paths.includes('blind.quoted-printable'), paths.join(' '));
  });
});
