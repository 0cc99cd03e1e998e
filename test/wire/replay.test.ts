import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Effect, Relay } from '../../src/gateway/relay.ts';
import { createChunkings, cutAt } from './chunkings.ts';
import { expandLine } from './expansion.ts';
import { replay } from './replay.ts';
import { parseTranscript } from './transcript.ts';

const messages = new Map([['m.eml', Buffer.from('A: b\r\n\r\n.x\r\ny\r\n')]]);

/** Upper-cases whole client lines towards the server; `whole` makes its output depend on the chunking. */
class Upper implements Relay {
  readonly isHolding = false;
  readonly isSaturated = false;
  #line = '';
  readonly #whole: boolean;
  constructor(whole: boolean) {
    this.#whole = whole;
  }
  fromClient(bytes: Uint8Array): Effect[] {
    this.#line += Buffer.from(bytes).toString('latin1');
    if (!this.#line.endsWith('\n')) {
      return [];
    }
    const text = this.#whole && bytes.length === 1 ? this.#line : this.#line.toUpperCase();
    this.#line = '';
    return [{ kind: 'send', to: 'upstream', bytes: Buffer.from(text) }];
  }
  fromUpstream = (): Effect[] => [];
  decided = (): Effect[] => [];
  located = (): Effect[] => [];
  secured = (): Effect[] => [];
  ended = (): Effect[] => [{ kind: 'close', reason: 'logout' }];
  unavailable = (): Effect[] => [];
  tick = (): Effect[] => [];
  drain = (): Effect[] => [];
}

function play(text: string, whole = false): void {
  const transcript = parseTranscript(text, messages, () => 'C> a\nU< A\n');
  for (const chunking of createChunkings()) {
    replay(transcript, () => new Upper(whole), chunking);
  }
}

describe('a transcript', () => {
  it('passes when every line is as written', () => {
    play('C> a\nU< A\nC> b\nU< B\n!ended client\n!close logout\n');
  });
  it('fails with the line and the conversation at the first difference', () => {
    assert.throws(() => play('C> a\nU< A\nC> b\nU< X\n'), /line 4 \(whole\): expected[^]*U< B/u);
  });
  it('fails when something is written that no line names', () => {
    assert.throws(() => play('C> a\nC> b\nU< A\n'), /unexpected output to the upstream/u);
  });
  it('fails when the output depends on how the input was cut', () => {
    assert.throws(() => play('C> a\nU< A\n', true), /byte by byte/u);
  });
  it('fails when the relay closes and no line says so', () => {
    assert.throws(() => play('!ended client\n'), /the relay closed \(logout\)/u);
  });
  it('includes what many transcripts begin with', () => {
    play('!include beginning\nC> b\nU< B\n');
  });
  it('refuses lines and settings that mean nothing', () => {
    assert.throws(() => play('X> a\n'), /line 1: neither an arrow/u);
    assert.throws(() => play('!settings nonsense=1\n'), /unknown setting nonsense/u);
    assert.throws(() => play('C> {@gone}\n'), /line 1: unknown message gone/u);
  });
});

function expand(source: string): string {
  return expandLine(source, messages).toString('latin1');
}

describe('a line of a transcript', () => {
  it('ends in CRLF unless a backslash ends it', () => {
    assert.equal(expand('a'), 'a\r\n');
    assert.equal(expand('a\\'), 'a');
    assert.equal(expand('a\\\\'), 'a\\\r\n');
  });
  it('knows escapes and repetitions', () => {
    assert.equal(expand('\\x41\\0\\r\\n\\{@m}{b*3}{\\x43*2}'), 'A\0\r\n{@m}bbbCC\r\n');
    assert.equal(expand('é'), Buffer.from('é\r\n').toString('latin1'));
  });
  it('expands messages to literals, sizes and raw content', () => {
    assert.equal(expand('BODY[] {@m})'), 'BODY[] {15}\r\nA: b\r\n\r\n.x\r\ny\r\n)\r\n');
    assert.equal(expand('{#m} {@m:header+} {=@m:0:4}'), '15 {8+}\r\nA: b\r\n\r\n A: b\r\n');
    assert.equal(expand('{=~m:text}'), '##\r\n#\r\n\r\n');
    assert.equal(expand('{=%m:header}'), '####\r\n\r\n\r\n');
  });
  it('expands a message on a line of its own to dot-stuffed content', () => {
    assert.equal(expand('@m'), 'A: b\r\n\r\n..x\r\ny\r\n');
    assert.equal(expand('~m'), 'A: b\r\n\r\n##\r\n#\r\n');
    assert.equal(expand('@m:top:1'), 'A: b\r\n\r\n..x\r\n');
  });
});

describe('chunkings', () => {
  it('lose and reorder nothing', () => {
    const bytes = Buffer.from('ab\r\n\r\ncd');
    for (const { cut } of createChunkings()) {
      assert.deepEqual(Buffer.concat(cut(bytes)), bytes);
    }
    assert.deepEqual(cutAt(bytes, [2, 2, 0, 99]).map(String), ['ab', '\r\n\r\ncd']);
  });
});
