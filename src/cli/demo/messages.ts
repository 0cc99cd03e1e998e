import { cleanSamples } from './messages/clean-messages.ts';
import { message } from './messages/entity.ts';
import { infectedSamples } from './messages/infected-messages.ts';

/** One message of the demo with the verdict that it must get. */
export interface DemoMessage {
  /** Short and unique. */
  readonly name: string;
  readonly bytes: Buffer;
  readonly flags: readonly string[];
  readonly expected: 'clean' | 'malicious';
}

/** Flags that have to survive; one set after the other is given to the messages. */
const FLAG_SETS = [[], ['\\Seen'], ['\\Flagged', '$Work'], ['\\Answered', '\\Seen']] as const;

/** The same 22 messages, byte by byte, in every run. */
export function createDemoMessages(): readonly DemoMessage[] {
  const clean = cleanSamples().map((sample) => ({ sample, expected: 'clean' as const }));
  const infected = infectedSamples().map((sample) => ({ sample, expected: 'malicious' as const }));
  return [...clean, ...infected].map(({ sample: [name, subject, body], expected }, index) => ({
    name,
    bytes: message(subject, body, index),
    flags: FLAG_SETS[index % FLAG_SETS.length] ?? [],
    expected,
  }));
}
