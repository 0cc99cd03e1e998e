/** Reads a conformance script. The notation is described in README.md. */

export type ScriptStep =
  | { readonly kind: 'say'; readonly connection: number; readonly command: string; readonly line: number }
  | { readonly kind: 'expect'; readonly pattern: string; readonly line: number }
  | { readonly kind: 'idle' | 'done'; readonly connection: number; readonly line: number };

export interface Script {
  readonly name: string;
  /** What the server has to offer, or there is nothing to test. */
  readonly needs: readonly string[];
  readonly files: ReadonlyMap<string, Buffer>;
  readonly steps: readonly ScriptStep[];
}

const SAY = /^(\d?)> (.*)$/;
const DIRECTIVE = /^(\d?)!(\w+) ?(.*)$/;

class ScriptReader {
  readonly #files = new Map<string, Buffer>();
  readonly #steps: ScriptStep[] = [];
  readonly #needs: string[] = [];
  readonly #lines: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#lines = text.split(/\r?\n/u);
  }

  read(name: string): Script {
    while (this.#at < this.#lines.length) {
      const source = this.#lines[this.#at] ?? '';
      this.#at += 1;
      if (source !== '' && !source.startsWith('#')) {
        this.#read(source, name);
      }
    }
    return { name, needs: this.#needs, files: this.#files, steps: this.#steps };
  }

  #read(source: string, name: string): void {
    const line = this.#at;
    const [, speaker, command] = SAY.exec(source) ?? [];
    if (command !== undefined) {
      this.#steps.push({ kind: 'say', connection: Number(speaker || '1'), command, line });
    } else if (source.startsWith('< ')) {
      this.#steps.push({ kind: 'expect', pattern: source.slice(2), line });
    } else if (!this.#direct(source)) {
      throw new Error(`${name}, line ${line}: neither >, <, ! nor #`);
    }
  }

  #direct(source: string): boolean {
    const [, speaker, word = '', argument = ''] = DIRECTIVE.exec(source) ?? [];
    switch (word) {
      case 'file':
        this.#readFile(argument);
        return true;
      case 'needs':
        this.#needs.push(...argument.split(' '));
        return true;
      case 'idle':
      case 'done':
        this.#steps.push({ kind: word, connection: Number(speaker || '1'), line: this.#at });
        return true;
      default:
        return false;
    }
  }

  #readFile(name: string): void {
    const end = this.#lines.indexOf('!end', this.#at);
    if (end === -1) {
      throw new Error(`!file ${name} has no !end`);
    }
    const lines = this.#lines.slice(this.#at, end).map((source) => `${repeated(source)}\r\n`);
    this.#files.set(name, Buffer.from(lines.join(''), 'utf8'));
    this.#at = end + 1;
  }
}

/** `{x*500}` stands for 500 times x. */
function repeated(source: string): string {
  return source.replaceAll(/\{([^{}]+)\*(\d+)\}/gu, (_all, unit: string, count: string) =>
    unit.repeat(Number(count)),
  );
}

export function parseScript(name: string, text: string): Script {
  return new ScriptReader(text).read(name);
}
