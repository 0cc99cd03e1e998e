import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { ChunkCount, fuzzSetting } from './fuzz-setting.ts';
import { ModelServer, understand } from './model-server.ts';
import {
  atOnce,
  cleanMailboxes,
  commandLines,
  commands,
  dialects,
  GUILTY,
  inAnyOrder,
  mailboxes,
  play,
  wholeChunks,
} from './scripted-session.ts';

/** All input of one session is far below this; more held means that something grows. */
const MAX_HELD_BYTES = 2_000_000;
const count = new ChunkCount();

/** The answers of a direct connection. */
function directly(server: ModelServer, lines: readonly string[]): Map<string, string> {
  return understand(lines.map((line) => server.answer(line)).join(''));
}

function tagsOf(lines: readonly string[]): string[] {
  return lines.map((line) => line.split(' ')[0] ?? '');
}

describe('any IMAP session', () => {
  it('shows no byte of a guilty message, answers every command, and holds bounded memory', (t) => {
    fc.assert(
      fc.property(mailboxes, dialects, commands, inAnyOrder, (mails, dialect, asked, schedule) => {
        const lines = commandLines(asked, dialect);
        const server = new ModelServer(mails, dialect);
        const { harness, client } = play({ lines, server, schedule }, count);
        assert.ok(!client.includes(GUILTY), `leak in ${JSON.stringify(client)}`);
        assert.equal(harness.closed, undefined, JSON.stringify({ notes: harness.notes, client }));
        assert.ok(harness.peakSpoolBytes < MAX_HELD_BYTES);
        assert.ok(harness.openEntries <= 2, `${harness.openEntries} entries are left`);
        for (const tag of tagsOf(lines)) {
          assert.ok(client.includes(`${tag} OK`), `${tag} is not answered: ${JSON.stringify(client)}`);
        }
      }),
      fuzzSetting(),
    );
    count.report(t);
  });

  it('gives for clean messages what a direct connection gives', (t) => {
    fc.assert(
      fc.property(cleanMailboxes, dialects, commands, inAnyOrder, (mails, dialect, asked, schedule) => {
        const lines = commandLines(asked, dialect);
        const server = new ModelServer(mails, dialect);
        const { client } = play({ lines, server, schedule }, count);
        const got = understand(client);
        for (const [key, value] of directly(server, lines)) {
          assert.equal(got.get(key), value, `${key} in ${JSON.stringify(client)}`);
        }
      }),
      fuzzSetting(),
    );
    count.report(t);
  });

  it('keeps every announced size for guilty messages', (t) => {
    fc.assert(
      fc.property(mailboxes, dialects, commands, inAnyOrder, (mails, dialect, asked, schedule) => {
        const lines = commandLines(asked, dialect);
        const server = new ModelServer(mails, dialect);
        const got = understand(play({ lines, server, schedule }, count).client);
        for (const [key, value] of directly(server, lines)) {
          assert.equal(got.get(key)?.length, value.length, key);
        }
      }),
      fuzzSetting(),
    );
    count.report(t);
  });

  it('says the same however the bytes were cut', (t) => {
    fc.assert(
      fc.property(mailboxes, dialects, commands, atOnce, (mails, dialect, asked, schedule) => {
        const lines = commandLines(asked, dialect);
        const server = new ModelServer(mails, dialect);
        // Whether a range is cut here or by the server depends on when the verdict came; what it says does not.
        const whole = understand(play({ lines, server, schedule: wholeChunks }, count).client);
        assert.deepEqual(understand(play({ lines, server, schedule }, count).client), whole);
      }),
      fuzzSetting(),
    );
    count.report(t);
  });

  it('shows nothing guilty that a server pushes', (t) => {
    fc.assert(
      fc.property(mailboxes, dialects, commands, inAnyOrder, (mails, dialect, asked, schedule) => {
        const pushing = { ...dialect, pushes: true };
        const server = new ModelServer(mails, pushing);
        const lines = commandLines(asked, pushing);
        const { harness, client } = play({ lines, server, schedule }, count);
        assert.ok(!client.includes(GUILTY), `leak in ${JSON.stringify(client)}`);
        assert.equal(harness.closed, undefined, JSON.stringify({ notes: harness.notes, client }));
      }),
      fuzzSetting(),
    );
    count.report(t);
  });

  it('survives a server whose bytes are damaged: no throw, no leak', (t) => {
    const pieces = ['', '"', '{', '}', '(', ')', '\r\n', '\0', ' ', '{5}\r\n', '~', '* 1 FETCH (', 'BODY[] '];
    const damage = fc.array(fc.tuple(fc.nat(5_000), fc.constantFrom(...pieces)), { maxLength: 6 });
    fc.assert(
      fc.property(
        fc.tuple(mailboxes, dialects),
        commands,
        damage,
        inAnyOrder,
        ([mails, dialect], asked, holes, schedule) => {
          const mangle = (answer: string): string =>
            holes.reduce((bytes, [at, text]) => {
              const where = at % (bytes.length + 1);
              return bytes.slice(0, where) + text + bytes.slice(where + (text === '' ? 1 : 0));
            }, answer);
          const server = new ModelServer(mails, dialect);
          const lines = commandLines(asked, dialect);
          const { client } = play({ lines, server, schedule, mangle }, count);
          assert.ok(!client.includes(GUILTY), `leak in ${JSON.stringify(client)}`);
        },
      ),
      fuzzSetting(),
    );
    count.report(t);
  });
});
