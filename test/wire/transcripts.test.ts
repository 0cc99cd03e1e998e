import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { createChunkings } from './chunkings.ts';
import type { Messages } from './expansion.ts';
import { replay, type CreateRelay } from './replay.ts';
import { parseTranscript } from './transcript.ts';

const HERE = import.meta.dirname;

/** Loaded on demand, so that one protocol's transcripts run whatever the state of the other. */
const PROTOCOLS = [
  { folder: 'imap', path: '../../src/gateway/imap/imap-relay.ts', factory: 'createImapRelay' },
  { folder: 'pop3', path: '../../src/gateway/pop3/pop3-relay.ts', factory: 'createPop3Relay' },
] as const;

async function loadFactory(path: string, name: string): Promise<CreateRelay> {
  const module: Record<string, unknown> = await import(path);
  const factory = module[name];
  if (typeof factory !== 'function') {
    throw new TypeError(`${path} exports no function ${name}`);
  }
  return (settings) => factory(settings);
}

function loadMessages(): Messages {
  const files = globSync(join(HERE, 'messages', '*.eml'));
  return new Map(
    files.map((file) => {
      const text = readFileSync(file, 'latin1').replaceAll('\r\n', '\n').replaceAll('\n', '\r\n');
      return [basename(file), Buffer.from(text, 'latin1')];
    }),
  );
}

const messages = loadMessages();
/** `POSTERN_TRANSCRIPT=retr` runs only the files whose path contains it. */
const only = process.env['POSTERN_TRANSCRIPT'] ?? '';

for (const { folder, path, factory } of PROTOCOLS) {
  describe(`${folder} transcripts`, () => {
    const files = globSync(join(HERE, folder, '**', '*.txt')).sort();
    it('are there', () => {
      assert.ok(files.length > 0, `no transcript found in test/wire/${folder}`);
    });
    for (const file of files.filter((name) => name.includes(only))) {
      it(`${folder}/${basename(file, '.txt')} under every chunking`, async () => {
        const create = await loadFactory(path, factory);
        const transcript = parseTranscript(readFileSync(file, 'utf8'), messages, (name) =>
          readFileSync(join(HERE, folder, `${name}.include`), 'utf8'),
        );
        for (const chunking of createChunkings()) {
          try {
            replay(transcript, create, chunking);
          } catch (error) {
            throw new Error(`${file}, ${error instanceof Error ? error.message : String(error)}`, {
              cause: error,
            });
          }
        }
      });
    }
  });
}
