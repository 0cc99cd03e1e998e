import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { describe, it } from 'node:test';
import { createChunkings } from './chunkings.ts';
import { loadFactory, loadTranscript, PROTOCOLS, transcriptFiles } from './library.ts';
import { replay } from './replay.ts';

/** `POSTERN_TRANSCRIPT=retr` runs only the files whose path contains it. */
const only = process.env['POSTERN_TRANSCRIPT'] ?? '';

for (const protocol of PROTOCOLS) {
  const { folder } = protocol;
  describe(`${folder} transcripts`, () => {
    const files = transcriptFiles(folder);
    it('are there', () => {
      assert.ok(files.length > 0, `no transcript found in test/wire/${folder}`);
    });
    for (const file of files.filter((name) => name.includes(only))) {
      it(`${folder}/${basename(file, '.txt')} under every chunking`, async () => {
        const create = await loadFactory(protocol);
        const transcript = loadTranscript(folder, file);
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
