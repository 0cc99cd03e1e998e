import { randomUUID } from 'node:crypto';
import type { RuleSource } from '../scan/engines/yara-sources.ts';
import type { MessageBytes } from '../scan/scanner.ts';
import type { Verdict } from '../scan/verdict.ts';

/** What a pool proves that it still finds, and what it must not find anything in. */
export interface SelfTest {
  /** Compiled with every rule set, so that the proof does not depend on what the operator's rules know. */
  readonly rule: RuleSource;
  readonly guilty: MessageBytes;
  readonly innocent: MessageBytes;
}

const RULE_NAME = 'SelfTest';
const NAMESPACE = 'postern-self-test';

/** Puts bytes where a worker can read them without a copy. */
export function inSharedMemory(bytes: Uint8Array): MessageBytes {
  const buffer = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(buffer).set(bytes);
  return { kind: 'memory', buffer, byteLength: bytes.byteLength };
}

/** The text stands in a base64 part only, so that finding it proves decoding as well as matching. */
function mail(text: string): MessageBytes {
  const lines = [
    'Subject: self-test',
    'MIME-Version: 1.0',
    'Content-Type: application/octet-stream',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from(text).toString('base64'),
    '',
  ];
  return inSharedMemory(Buffer.from(lines.join('\r\n')));
}

/** The marker is random, so that no sender can write it into a mail. */
export function createSelfTest(): SelfTest {
  const marker = `postern-self-test-${randomUUID()}`;
  const source = `rule ${RULE_NAME} { strings: $marker = "${marker}" condition: $marker }`;
  return {
    rule: { path: 'self-test', namespace: NAMESPACE, source },
    guilty: mail(`This is what is looked for: ${marker}.`),
    innocent: mail('This is what nothing is found in.'),
  };
}

export function isFound(verdict: Verdict): boolean {
  return (
    verdict.kind === 'malicious' &&
    verdict.findings.some(({ rule, namespace }) => rule === RULE_NAME && namespace === NAMESPACE)
  );
}
