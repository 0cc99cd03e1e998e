/** Reads a transcript file into steps. The notation is described in README.md. */
import type { RelaySettings, Side } from '../../src/gateway/relay.ts';
import { expandLine, type Messages } from './expansion.ts';

export type Step =
  | { readonly kind: 'input'; readonly from: Side; readonly bytes: Buffer; readonly line: number }
  | { readonly kind: 'expect'; readonly to: Side; readonly bytes: Buffer; readonly line: number }
  | {
      readonly kind: 'directive';
      readonly name: string;
      readonly args: readonly string[];
      readonly line: number;
    };

export interface Transcript {
  readonly settings: RelaySettings;
  readonly steps: readonly Step[];
}

/** One mebibyte is far above every message of the transcripts and low enough to be exceeded in one. */
const DEFAULT_SETTINGS: RelaySettings = {
  clientSecure: true,
  clientStartTls: 'off',
  upstreamSecure: true,
  upstreamStartTls: 'off',
  allowPreauth: false,
  maxLiteralBytes: 1_048_576,
  editsHeaders: false,
  scanUploads: true,
};

const ARROW = /^([CU][<>])(?: (.*))?$/u;

class TranscriptError extends Error {
  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`);
  }
}

function parseValue(key: string, text: string, line: number): boolean | number | string {
  const expected = Object.entries(DEFAULT_SETTINGS).find(([name]) => name === key)?.[1];
  if (expected === undefined) {
    throw new TranscriptError(line, `unknown setting ${key}`);
  }
  if (typeof expected === 'boolean') {
    return text === 'true';
  }
  return typeof expected === 'number' ? Number(text) : text;
}

/** Text of another file of the same folder. */
export type Include = (name: string) => string;

class TranscriptReader {
  readonly steps: Step[] = [];
  settings: RelaySettings = DEFAULT_SETTINGS;
  readonly #messages: Map<string, Buffer>;
  readonly #lines: readonly string[];
  readonly #include: Include;
  #at = 0;

  constructor(text: string, messages: Messages, include: Include) {
    this.#messages = new Map(messages);
    this.#include = include;
    this.#lines = text.replaceAll('\r\n', '\n').split('\n');
  }

  read(): Transcript {
    for (let source = this.#lines[this.#at]; source !== undefined; source = this.#lines[this.#at]) {
      this.#at += 1;
      this.#readLine(source, this.#at);
    }
    return { settings: this.settings, steps: this.steps };
  }

  #readLine(source: string, line: number): void {
    if (source === '' || source.startsWith('#')) {
      return;
    }
    if (source.startsWith('!')) {
      this.#readDirective(source, line);
      return;
    }
    const [, arrow = '', text = ''] = ARROW.exec(source) ?? [];
    const bytes = this.#expand(text, line);
    switch (arrow) {
      case 'C>':
        this.steps.push({ kind: 'input', from: 'client', bytes, line });
        break;
      case 'U>':
        this.steps.push({ kind: 'input', from: 'upstream', bytes, line });
        break;
      case 'C<':
        this.steps.push({ kind: 'expect', to: 'client', bytes, line });
        break;
      case 'U<':
        this.steps.push({ kind: 'expect', to: 'upstream', bytes, line });
        break;
      default:
        throw new TranscriptError(line, `neither an arrow, a directive nor a comment: ${source}`);
    }
  }

  #readDirective(source: string, line: number): void {
    const [name = '', ...args] = source.slice(1).trim().split(/\s+/u);
    if (name === 'settings') {
      const pairs = args.map((pair) => pair.split('='));
      const changes = pairs.map(([key = '', value = '']) => [key, parseValue(key, value, line)]);
      this.settings = { ...this.settings, ...Object.fromEntries(changes) };
    } else if (name === 'file') {
      this.#readFile(args[0] ?? '', line);
    } else if (name === 'include') {
      const included = new TranscriptReader(
        this.#include(args[0] ?? ''),
        this.#messages,
        this.#include,
      ).read();
      this.steps.push(...included.steps.map((step) => ({ ...step, line })));
    } else {
      this.steps.push({ kind: 'directive', name, args, line });
    }
  }

  #readFile(name: string, line: number): void {
    const end = this.#lines.indexOf('!end', this.#at);
    if (name === '' || end < 0) {
      throw new TranscriptError(line, '!file needs a name and an !end');
    }
    const lines = this.#lines.slice(this.#at, end).map((source) => this.#expand(source, line));
    this.#messages.set(name, Buffer.concat(lines));
    this.#at = end + 1;
  }

  #expand(source: string, line: number): Buffer {
    try {
      return expandLine(source, this.#messages);
    } catch (error) {
      throw new TranscriptError(line, error instanceof Error ? error.message : String(error));
    }
  }
}

/** @throws Error that names the line when the text is not a transcript. */
export function parseTranscript(text: string, messages: Messages, include: Include): Transcript {
  return new TranscriptReader(text, messages, include).read();
}
