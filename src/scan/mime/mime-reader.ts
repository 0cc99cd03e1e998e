import type { Budget } from '../budget.ts';
import { BlindPass } from './blind-pass.ts';
import { EveryReading } from './every-reading.ts';
import type { MimeSink, MimeSource } from './mime-sink.ts';
import { PlainReading } from './plain-reading.ts';
import { WalkMemory } from './walk-memory.ts';

/** What the walk noticed. */
export interface MimeReading {
  /** Another parser could plausibly see another message: all readings were followed. */
  readonly unusual: boolean;
}

/**
 * Reads `source` as one RFC 5322 message. Regular mail is read once, in its plain interpretation; as soon as
 * anything is unusual the whole message is read again in every plausible one, and without regard to structure.
 * Throws `ScanLimitError` only.
 */
export function readMime(source: MimeSource, budget: Budget, sink: MimeSink): MimeReading {
  const memory = new WalkMemory();
  const whole = { start: 0, end: source.bytes.length };
  const plain = new PlainReading(source, budget, sink, memory);
  plain.message(whole, '', source.mimeDepth);
  if (plain.unusual) {
    const every = new EveryReading(source, budget, sink, memory);
    every.message(whole, '', source.mimeDepth);
    new BlindPass(source, budget, sink, memory).run((span, path) =>
      every.entity(span, path, source.mimeDepth + 1),
    );
  }
  return { unusual: plain.unusual };
}
