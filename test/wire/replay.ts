/** Plays a transcript against a relay and compares, line by line. */
import { ACTIONS, type Action } from '../../src/gateway/policy/action.ts';
import type { Relay, RelaySettings, Side } from '../../src/gateway/relay.ts';
import { RelayHarness } from '../support/relay-harness.ts';
import type { Chunking } from './chunkings.ts';
import type { Step, Transcript } from './transcript.ts';

export type CreateRelay = (settings: RelaySettings) => Relay;

type Directive = Extract<Step, { kind: 'directive' }>;

/** What a person reads after a failure; older lines and longer ones help nobody. */
const SHOWN_LINES = 40;
const SHOWN_LINE_CHARS = 160;

const WORDS: Readonly<Record<string, Action>> = {
  clean: 'deliver',
  malicious: 'neutralise',
  block: 'block',
  defer: 'defer',
};

function visible(bytes: Buffer): string[] {
  const text = JSON.stringify(bytes.toString('latin1')).slice(1, -1);
  const lines = text.split(/(?<=\\n)/u);
  return lines.map((line) =>
    line.length > SHOWN_LINE_CHARS ? `${line.slice(0, SHOWN_LINE_CHARS)}… (${line.length})` : line,
  );
}

class Replay {
  readonly #harness: RelayHarness;
  readonly #chunking: Chunking;
  readonly #conversation: { arrow: string; parts: Buffer[] }[] = [];
  /** What was written and no `C<` or `U<` line has named yet. */
  readonly #unclaimed: Record<Side, Buffer[]> = { client: [], upstream: [] };
  readonly #verdicts: Action[] = [];
  #scansChecked = 0;
  #notesChecked = 0;
  #closeChecked = false;
  /** What became of marks and offers, and how many of that were named. */
  readonly #settled: string[] = [];
  #settledChecked = 0;

  constructor(relay: Relay, chunking: Chunking) {
    this.#chunking = chunking;
    this.#harness = new RelayHarness(relay, {
      verdict: () => this.#verdicts.shift() ?? 'deliver',
      onWrite: (to, bytes) => {
        this.#log(to === 'client' ? 'C<' : 'U<', bytes);
        this.#unclaimed[to].push(bytes);
      },
    });
  }

  run(steps: readonly Step[]): void {
    let line = 0;
    try {
      for (let at = 0; at < steps.length; at += 1) {
        const step = steps[at];
        if (step === undefined) {
          break;
        }
        line = step.line;
        at += this.#perform(step, steps.slice(at + 1)) - 1;
      }
      this.#expectSilence();
      if (this.#harness.closed !== undefined && !this.#closeChecked) {
        throw new Error(`the relay closed (${this.#harness.closed})`);
      }
    } catch (error) {
      throw this.#explain(error, line);
    }
  }

  /** Returns how many steps were used. */
  #perform(step: Step, following: readonly Step[]): number {
    if (step.kind === 'input') {
      return this.#input(step.from, step.bytes, following);
    }
    if (step.kind === 'expect') {
      this.#expect(step.to, step.bytes);
    } else {
      this.#direct(step);
    }
    return 1;
  }

  /** Consecutive lines of one peer are one byte string, so that cuts fall anywhere in it. */
  #input(from: Side, first: Buffer, following: readonly Step[]): number {
    this.#expectSilence();
    if (this.#harness.closed !== undefined) {
      throw new Error(`input after the relay closed (${this.#harness.closed})`);
    }
    const bytes = [first];
    for (const step of following) {
      if (step.kind !== 'input' || step.from !== from) {
        break;
      }
      bytes.push(step.bytes);
    }
    const whole = Buffer.concat(bytes);
    for (const chunk of this.#chunking.cut(whole)) {
      this.#feed(from, chunk);
    }
    return bytes.length;
  }

  #feed(from: Side, chunk: Buffer): void {
    this.#log(from === 'client' ? 'C>' : 'U>', chunk);
    // A fresh buffer that is wiped afterwards: a relay must not keep a view of what it was given.
    const lent = Buffer.from(chunk);
    if (from === 'client') {
      this.#harness.fromClient(lent);
    } else {
      this.#harness.fromUpstream(lent);
    }
    lent.fill(0x21);
  }

  #expect(to: Side, expected: Buffer): void {
    const actual = Buffer.concat(this.#unclaimed[to]);
    const head = actual.subarray(0, expected.length);
    if (!head.equals(expected)) {
      const wanted = visible(expected).join('\n    ');
      throw new Error(
        `expected to the ${to}:\n    ${wanted}\n  but got:\n    ${visible(head).join('\n    ')}`,
      );
    }
    this.#unclaimed[to] = [actual.subarray(expected.length)];
  }

  #expectSilence(): void {
    for (const side of ['client', 'upstream'] as const) {
      const rest = Buffer.concat(this.#unclaimed[side]);
      if (rest.length > 0) {
        throw new Error(`unexpected output to the ${side}:\n    ${visible(rest).join('\n    ')}`);
      }
    }
  }

  #direct(directive: Directive): void {
    const { name, args } = directive;
    if (this.#assert(name, args)) {
      return;
    }
    this.#expectSilence();
    this.#log(`!${name}`, Buffer.from(args.join(' ')));
    this.#drive(name, args);
  }

  /** Directives that only look. */
  #assert(name: string, args: readonly string[]): boolean {
    switch (name) {
      case 'close':
        this.#expectClose(args[0] ?? '');
        return true;
      case 'note':
        this.#expectNote(args);
        return true;
      case 'scan':
        this.#expectScan(args);
        return true;
      case 'holding':
        this.#expectHolding(args[0] ?? 'yes');
        return true;
      case 'settled':
        this.#expectSettled(args);
        return true;
      case 'spool':
        this.#expectSpool(args[0] ?? '');
        return true;
      default:
        return false;
    }
  }

  #drive(name: string, args: readonly string[]): void {
    switch (name) {
      case 'verdict':
        this.#verdicts.push(...args.map(parseVerdict));
        break;
      case 'hold':
        this.#harness.hold = true;
        break;
      case 'release':
        this.#harness.releaseVerdicts();
        break;
      case 'tick':
        this.#tick(Number(args[0] ?? '1'));
        break;
      case 'secured':
        this.#harness.secured(parseSide(args[0]));
        break;
      case 'ended':
        this.#harness.ended(parseSide(args[0]));
        break;
      case 'drain':
        this.#harness.drain();
        break;
      case 'unavailable':
        this.#harness.unavailable();
        break;
      case 'mark':
        this.#mark(args);
        break;
      case 'offer':
        this.#offer(args);
        break;
      default:
        throw new Error(`unknown directive !${name}`);
    }
  }

  /** `!mark UID KEYWORD…` for the message whose scan was asked for with that UID. */
  #mark([uid = '', ...keywords]: readonly string[]): void {
    const identity = this.#harness.scans.findLast(({ context }) => context.uid === uid)?.context.identity;
    if (identity === undefined) {
      throw new Error(`no scan was asked for of UID ${uid}`);
    }
    const settle = (outcome: string) => void this.#settled.push(outcome);
    this.#harness.mark({ identity, uid: Number(uid), keywords, settle });
  }

  /** `!offer MAILBOX WORD`: the word is the message. */
  #offer([mailbox = '', word = '']: readonly string[]): void {
    const settle = (taken: boolean) => void this.#settled.push(taken ? 'taken' : 'refused');
    this.#harness.offer(mailbox, Buffer.from(word), settle);
  }

  #expectSettled(wanted: readonly string[]): void {
    const actual = this.#settled.slice(this.#settledChecked);
    if (actual.join(' ') !== wanted.join(' ')) {
      throw new Error(`expected settled "${wanted.join(' ')}", but got "${actual.join(' ')}"`);
    }
    this.#settledChecked += wanted.length;
  }

  #tick(count: number): void {
    for (let done = 0; done < count; done += 1) {
      this.#harness.tick();
    }
  }

  #expectClose(reason: string): void {
    if (this.#harness.closed !== reason) {
      throw new Error(`expected close ${reason}, but it is ${this.#harness.closed ?? 'open'}`);
    }
    this.#closeChecked = true;
  }

  /** Looks forward from the last note that was named; notes nobody names are fine. */
  #expectNote(args: readonly string[]): void {
    const wanted = args.join(' ');
    const rest = this.#harness.notes.slice(this.#notesChecked);
    const described = rest.map((note) => Object.values(note).join(' '));
    const at = described.indexOf(wanted);
    if (at < 0) {
      throw new Error(`expected note "${wanted}", but got ${JSON.stringify(described)}`);
    }
    this.#notesChecked += at + 1;
  }

  #expectScan(args: readonly string[]): void {
    const scan = this.#harness.scans[this.#scansChecked];
    if (scan === undefined) {
      throw new Error('expected a scan, but none was asked for');
    }
    this.#scansChecked += 1;
    const actual: Readonly<Record<string, string>> = {
      subject: scan.subject,
      lane: scan.lane,
      ...scan.context,
    };
    for (const pair of args) {
      const [key = '', ...value] = pair.split('=');
      if (actual[key] !== value.join('=')) {
        throw new Error(`expected scan ${pair}, but it is ${JSON.stringify(actual)}`);
      }
    }
  }

  #expectHolding(word: string): void {
    if (this.#harness.relay.isHolding !== (word === 'yes')) {
      throw new Error(`expected isHolding to be ${word === 'yes'}`);
    }
  }

  #expectSpool(count: string): void {
    if (this.#harness.openEntries !== Number(count)) {
      throw new Error(`expected ${count} spool entries, but there are ${this.#harness.openEntries}`);
    }
  }

  #log(arrow: string, bytes: Buffer): void {
    const last = this.#conversation.at(-1);
    if (last?.arrow === arrow) {
      last.parts.push(Buffer.from(bytes));
    } else {
      this.#conversation.push({ arrow, parts: [Buffer.from(bytes)] });
    }
  }

  #explain(error: unknown, line: number): Error {
    const lines = this.#conversation.flatMap(({ arrow, parts }) =>
      visible(Buffer.concat(parts)).map((text) => `  ${arrow} ${text}`),
    );
    const said = lines.slice(-SHOWN_LINES).join('\n');
    const message = error instanceof Error ? error.message : String(error);
    return new Error(`line ${line} (${this.#chunking.name}): ${message}\n  conversation so far:\n${said}`, {
      cause: error,
    });
  }
}

function parseVerdict(word: string): Action {
  const action = WORDS[word] ?? ACTIONS.find((name) => name === word);
  if (action === undefined) {
    throw new Error(`unknown verdict ${word}`);
  }
  return action;
}

function parseSide(word: string | undefined): Side {
  if (word !== 'client' && word !== 'upstream') {
    throw new Error(`client or upstream, not ${word ?? 'nothing'}`);
  }
  return word;
}

/** @throws Error with the line and the conversation so far at the first difference. */
export function replay(transcript: Transcript, create: CreateRelay, chunking: Chunking): void {
  new Replay(create(transcript.settings), chunking).run(transcript.steps);
}
