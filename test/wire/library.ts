/** Finds the transcripts, the messages and the relays they are played against. */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Messages } from './expansion.ts';
import type { CreateRelay } from './replay.ts';
import { parseTranscript, type Transcript } from './transcript.ts';

const HERE = import.meta.dirname;

/** Relays are loaded on demand, so that one protocol's transcripts run whatever the state of the other. */
export const PROTOCOLS = [
  { folder: 'imap', path: '../../src/gateway/imap/imap-relay.ts', factory: 'createImapRelay' },
  { folder: 'pop3', path: '../../src/gateway/pop3/pop3-relay.ts', factory: 'createPop3Relay' },
] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export interface NamedTranscript extends Transcript {
  readonly file: string;
}

export async function loadFactory({ path, factory }: Protocol): Promise<CreateRelay> {
  const module: Record<string, unknown> = await import(path);
  const create = module[factory];
  if (typeof create !== 'function') {
    throw new TypeError(`${path} exports no function ${factory}`);
  }
  return (settings) => create(settings);
}

/** With CRLF line ends, whatever the checkout made of them. */
function loadMessages(): Messages {
  const files = globSync(join(HERE, 'messages', '*.eml'));
  return new Map(
    files.map((file) => {
      const text = readFileSync(file, 'latin1').replaceAll('\r\n', '\n').replaceAll('\n', '\r\n');
      return [basename(file), Buffer.from(text, 'latin1')];
    }),
  );
}

export function transcriptFiles(folder: string): string[] {
  return globSync(join(HERE, folder, '**', '*.txt')).sort();
}

const messages = loadMessages();

/** @throws Error that names the file when it is not a transcript. */
export function loadTranscript(folder: string, file: string): NamedTranscript {
  const include = (name: string): string => readFileSync(join(HERE, folder, `${name}.include`), 'utf8');
  try {
    return { file, ...parseTranscript(readFileSync(file, 'utf8'), messages, include) };
  } catch (error) {
    throw new Error(`${file}, ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

export function loadTranscripts(folder: string): NamedTranscript[] {
  return transcriptFiles(folder).map((file) => loadTranscript(folder, file));
}
