import { decodedViews, matches } from './client/decoded-views.ts';
import type { Observation } from './client/mailbox-reader.ts';
import { eicar } from './messages/eicar.ts';
import type { DemoMessage } from './messages.ts';
import type { MailProtocol } from './server/traffic.ts';

/** One line of the table: one message over one protocol. */
export interface Row {
  readonly message: string;
  readonly protocol: MailProtocol;
  readonly expected: DemoMessage['expected'];
  /** `altered`: neither the original nor a proper substitute. `failed`: could not be fetched. */
  readonly verdict: 'clean' | 'malicious' | 'altered' | 'failed';
  /** Rule that matched; empty when none is known. */
  readonly finding: string;
  /** Time through the gateway less the time from the server directly, milliseconds. */
  readonly addedMs: number;
  readonly sizesKept: boolean;
  /** What is not as it must be; empty when all is well. */
  readonly problems: readonly string[];
}

/** The first words of the notice that the gateway writes over what it removes; some encodings cannot keep every blank. */
const NOTICE = /Postern[ #]removed/;

/** Judges what came through the gateway by what the server sends directly. */
export function compare(
  message: DemoMessage,
  protocol: MailProtocol,
  direct: Observation,
  gateway: Observation | undefined,
  finding: string,
): Row {
  const { name, expected } = message;
  const common = { message: name, protocol, expected, finding };
  if (gateway?.bytes === undefined) {
    const problem = gateway?.error ?? 'missing in the list';
    return { ...common, verdict: 'failed', addedMs: 0, sizesKept: false, problems: [problem] };
  }
  const sizesKept = keepsSizes(gateway, gateway.bytes, direct);
  const verdict = verdictOf(gateway.bytes, direct);
  const problems = [
    ...(verdict === expected ? [] : [`expected ${expected}, observed ${verdict}`]),
    ...(sizesKept ? [] : ['a size changed']),
    ...metadataProblems(gateway, direct),
    ...(expected === 'malicious' ? contentProblems(gateway.bytes, direct) : []),
  ];
  return { ...common, verdict, addedMs: gateway.ms - direct.ms, sizesKept, problems };
}

function verdictOf(bytes: Buffer, direct: Observation): Row['verdict'] {
  if (direct.bytes?.equals(bytes) === true) {
    return 'clean';
  }
  return matches(decodedViews(bytes), NOTICE) ? 'malicious' : 'altered';
}

function keepsSizes(gateway: Observation, bytes: Buffer, direct: Observation): boolean {
  return gateway.announcedBytes === direct.announcedBytes && bytes.length === direct.bytes?.length;
}

function metadataProblems(gateway: Observation, direct: Observation): string[] {
  const checks = [
    [gateway.metadata === direct.metadata, 'envelope, structure or unique id changed'],
    [gateway.flagsBefore === direct.flagsBefore, 'other flags than the server says'],
    [gateway.flagsAfter === gateway.flagsBefore, 'reading changed the flags'],
  ] as const;
  return checks.filter(([holds]) => !holds).map(([, problem]) => problem);
}

function contentProblems(bytes: Buffer, direct: Observation): string[] {
  const headerEnd = direct.bytes?.indexOf('\r\n\r\n') ?? 0;
  const isHeaderKept = direct.bytes?.subarray(0, headerEnd).equals(bytes.subarray(0, headerEnd)) === true;
  return [
    ...(matches(decodedViews(bytes), eicar()) ? ['the test file came through'] : []),
    ...(isHeaderKept ? [] : ['the header changed']),
  ];
}
