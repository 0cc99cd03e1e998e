import type { Effect, MessageId, Relay, Side } from '../../src/gateway/relay.ts';
import type { Action } from '../../src/gateway/policy/action.ts';
import type { Located } from '../../src/scan/scanner.ts';

/** What a test wants to happen; all else is forwarded or does nothing. */
export interface Script {
  fromClient?(bytes: Buffer): Effect[];
  fromUpstream?(bytes: Buffer): Effect[];
  decided?(message: MessageId, action: Action): Effect[];
  located?(message: MessageId, needle: MessageId, found: Located): Effect[];
  secured?(side: Side): Effect[];
  ended?(side: Side): Effect[];
  tick?(): Effect[];
  drain?(): Effect[];
}

export function send(to: Side, text: string | Uint8Array): Effect {
  return { kind: 'send', to, bytes: Buffer.from(text) };
}

/** A relay without a protocol: forwards, unless its script says otherwise. */
export class ScriptedRelay implements Relay {
  isHolding = false;
  isSaturated = false;
  ticks = 0;
  readonly #script: Script;

  constructor(script: Script = {}) {
    this.#script = script;
  }

  fromClient(bytes: Uint8Array): Effect[] {
    return this.#script.fromClient?.(Buffer.from(bytes)) ?? [{ kind: 'send', to: 'upstream', bytes }];
  }

  fromUpstream(bytes: Uint8Array): Effect[] {
    return this.#script.fromUpstream?.(Buffer.from(bytes)) ?? [{ kind: 'send', to: 'client', bytes }];
  }

  decided(message: MessageId, action: Action): Effect[] {
    return this.#script.decided?.(message, action) ?? [];
  }

  located(message: MessageId, needle: MessageId, found: Located): Effect[] {
    return this.#script.located?.(message, needle, found) ?? [];
  }

  secured(side: Side): Effect[] {
    return this.#script.secured?.(side) ?? [];
  }

  ended(side: Side): Effect[] {
    return this.#script.ended?.(side) ?? [{ kind: 'close', reason: 'logout' }];
  }

  unavailable(): Effect[] {
    return [send('client', 'UNAVAILABLE\r\n'), { kind: 'close', reason: 'upstream-unavailable' }];
  }

  tick(): Effect[] {
    this.ticks += 1;
    return this.#script.tick?.() ?? [send('client', '.')];
  }

  drain(): Effect[] {
    return this.#script.drain?.() ?? [send('client', 'BYE\r\n'), { kind: 'close', reason: 'shutdown' }];
  }
}

/**
 * `MSG <n>\r\n` and n bytes from upstream are one held message; the rest is forwarded. A judged message is
 * released whole, a refused one answered with `NO <action>`.
 */
export class HoldingScript implements Script {
  #next: MessageId = 0;
  #left = 0;
  #sizes = new Map<MessageId, number>();
  #buffer: Buffer = Buffer.alloc(0);
  readonly #lines: string[] = [];

  fromUpstream(bytes: Buffer): Effect[] {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    const effects: Effect[] = [];
    for (let more = true; more;) more = this.#advance(effects);
    return effects;
  }

  decided(message: MessageId, action: Action): Effect[] {
    const end = this.#sizes.get(message) ?? 0;
    const discard: Effect = { kind: 'discard', message };
    if (action === 'deliver' || action === 'neutralise') {
      return [
        send('client', 'GOT '),
        { kind: 'release', message, start: 0, end },
        send('client', '\r\n'),
        discard,
      ];
    }
    if (action === 'defer') return [send('client', 'LATER\r\n'), { kind: 'close', reason: 'deferred' }];
    return [send('client', `NO ${action}\r\n`), discard];
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  #advance(effects: Effect[]): boolean {
    if (this.#left > 0) return this.#content(effects);
    const end = this.#buffer.indexOf('\r\n');
    if (end < 0) return false;
    const line = this.#buffer.toString('latin1', 0, end);
    this.#buffer = this.#buffer.subarray(end + 2);
    const size = /^MSG (\d+)$/.exec(line)?.[1];
    if (size === undefined) {
      this.#lines.push(line);
      effects.push(send('client', `${line}\r\n`));
      return true;
    }
    this.#next += 1;
    this.#left = Number(size);
    this.#sizes.set(this.#next, this.#left);
    effects.push({ kind: 'open', message: this.#next, sizeHint: this.#left });
    return true;
  }

  #content(effects: Effect[]): boolean {
    if (this.#buffer.length === 0) return false;
    const bytes = this.#buffer.subarray(0, this.#left);
    this.#buffer = this.#buffer.subarray(bytes.length);
    this.#left -= bytes.length;
    effects.push({ kind: 'spool', message: this.#next, bytes });
    if (this.#left > 0) return false;
    effects.push({
      kind: 'scan',
      message: this.#next,
      subject: 'message',
      lane: 'interactive',
      context: { identity: `id-${this.#next}`, mailbox: 'INBOX', uid: `${this.#next}` },
    });
    return true;
  }
}
