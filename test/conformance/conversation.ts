/** Plays a conformance script on a server and checks what it says. */
import { ImapReader, type ImapResponse } from '../system/harness/imap-reader.ts';
import { type Endpoint, PASSWORD } from '../system/harness/mail-server.ts';
import type { Script, ScriptStep } from './script.ts';

const COMMAND_LITERAL = /\{@([\w-]+)(\+?)\}/u;

/** A response with its literals in place, as `«content»`; an empty one is the same as `""`. */
function shown({ text, literals }: ImapResponse): string {
  const left = [...literals];
  return text
    .replaceAll(/\{\d+\}/g, (header) => {
      const literal = left.shift();
      return literal === undefined ? header : `«${literal.toString('utf8').replaceAll('\r\n', '\\r\\n')}»`;
    })
    .replaceAll('""', '«»');
}

/** Does a line say what the pattern says? `..` stands for anything. */
function fits(line: string, pattern: string): boolean {
  const parts = pattern.split('..').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'isu').test(line);
}

export class Conversation {
  readonly #script: Script;
  readonly #connect: () => Promise<ImapReader>;
  readonly #readers = new Map<number, ImapReader>();
  readonly #idling = new Map<number, string>();
  /** What was said since the last command, and everything. */
  #answer: string[] = [];
  readonly said: string[] = [];

  constructor(script: Script, endpoint: Endpoint, user: string) {
    this.#script = script;
    this.#connect = async () => {
      const reader = await ImapReader.connect(endpoint);
      await reader.ok(`LOGIN ${user} ${PASSWORD}`);
      return reader;
    };
  }

  /** Throws at the first answer that is not as the script says. */
  async run(): Promise<void> {
    try {
      for (const step of this.#script.steps) {
        await this.#perform(step);
      }
    } finally {
      for (const reader of this.#readers.values()) {
        reader.wire.destroy();
      }
    }
  }

  async #perform(step: ScriptStep): Promise<void> {
    switch (step.kind) {
      case 'expect':
        this.#expect(step.pattern, step.line);
        break;
      case 'say':
        await this.#say(await this.#reader(step.connection), step.command);
        break;
      case 'idle':
        await this.#idle(step.connection);
        break;
      case 'done':
        await this.#done(step.connection);
    }
  }

  async #reader(connection: number): Promise<ImapReader> {
    const known = this.#readers.get(connection);
    const reader = known ?? (await this.#connect());
    this.#readers.set(connection, reader);
    return reader;
  }

  #expect(pattern: string, line: number): void {
    if (!this.#answer.some((said) => fits(said, pattern))) {
      throw new Error(
        `${this.#script.name}, line ${line}: no answer like ${pattern} in\n${this.#answer.join('\n')}`,
      );
    }
  }

  async #say(reader: ImapReader, command: string): Promise<void> {
    const commands = command.split(' && ');
    const tags: string[] = [];
    for (const one of commands) {
      tags.push(await this.#send(reader, one));
    }
    this.#answer = [];
    await this.#complete(reader, tags);
  }

  async #send(reader: ImapReader, command: string): Promise<string> {
    const match = COMMAND_LITERAL.exec(command);
    if (match === null) {
      return reader.send(command);
    }
    let rest = command.slice(match.index + match[0].length);
    const tag = reader.send(`${command.slice(0, match.index)}${this.#header(match)}`);
    await this.#literal(reader, match);
    for (let next = COMMAND_LITERAL.exec(rest); next !== null; next = COMMAND_LITERAL.exec(rest)) {
      reader.wire.send(`${rest.slice(0, next.index)}${this.#header(next)}\r\n`);
      await this.#literal(reader, next);
      rest = rest.slice(next.index + next[0].length);
    }
    reader.wire.send(`${rest}\r\n`);
    return tag;
  }

  #file(name: string): Buffer {
    const file = this.#script.files.get(name);
    if (file === undefined) {
      throw new Error(`${this.#script.name}: no file ${name}`);
    }
    return file;
  }

  #header([, name = '', plus = '']: RegExpExecArray): string {
    return `{${this.#file(name).length}${plus}}`;
  }

  async #literal(reader: ImapReader, [, name = '', plus = '']: RegExpExecArray): Promise<void> {
    if (plus === '') {
      const line = await reader.wire.line();
      if (!line.startsWith('+')) {
        throw new Error(`${this.#script.name}: no continuation but ${line}`);
      }
    }
    reader.wire.send(this.#file(name));
  }

  /** Servers complete pipelined commands in any order; what is compared is what was said, in the order of the lines. */
  async #complete(reader: ImapReader, tags: readonly string[]): Promise<void> {
    const open = new Set(tags);
    while (open.size > 0) {
      const line = shown(await reader.response());
      const [tag = ''] = line.split(' ', 1);
      const said = open.delete(tag) ? line.slice(tag.length + 1) : line;
      this.#answer.push(said);
    }
    const answer = tags.length === 1 ? this.#answer : this.#answer.toSorted();
    this.said.push(...answer);
  }

  async #idle(connection: number): Promise<void> {
    const reader = await this.#reader(connection);
    this.#idling.set(connection, reader.send('IDLE'));
    const { text } = await reader.response();
    if (!text.startsWith('+')) {
      throw new Error(`${this.#script.name}: no continuation but ${text}`);
    }
  }

  async #done(connection: number): Promise<void> {
    const reader = await this.#reader(connection);
    reader.wire.send('DONE\r\n');
    this.#answer = [];
    await this.#complete(reader, [this.#idling.get(connection) ?? '']);
  }
}

/** What was said without what differs from run to run: texts for people, validity and modification numbers, dates. */
export function comparable(said: readonly string[]): string[] {
  return said
    .filter((line) => !/^\* (\d+ (RECENT|EXISTS)|CAPABILITY)/i.test(line))
    .map((line) =>
      line
        .replace(/^((?:\* )?(?:OK|NO|BAD|BYE))( \[[^\]]*\])?.*$/is, '$1$2')
        .replaceAll(/\b(UIDVALIDITY|APPENDUID|COPYUID|HIGHESTMODSEQ|MODSEQ \() ?\d+/gi, '$1 n')
        .replaceAll(/\[CAPABILITY [^\]]*\]/g, '[CAPABILITY]')
        .replaceAll(/"[ \d]\d-\w{3}-\d{4} [^"]*"/g, '"date"'),
    );
}
