import { type Budget, ScanLimitError } from '../scan/budget.ts';
import type { Engine } from '../scan/engines/engine.ts';
import type { Piece } from '../scan/piece.ts';
import type { Finding, UnscannableCause } from '../scan/verdict.ts';
import { ClamdBrokeOff, ClamdClient, type ClamdReply, ClamdTimeout } from './clamd-client.ts';
import { type ClamdOptions, describeFailure } from './scan-job.ts';

/** After a failure to connect the pieces that follow are not tried one by one. */
const DOWN_MS = 1_000;
/** Signature names are short; this one comes from another program. */
const MAX_SIGNATURE_CHARACTERS = 200;

/** What clamd reports as a signature although it says that it could not look. */
const NOT_LOOKED: readonly (readonly [RegExp, UnscannableCause])[] = [
  [/^Heuristics\.Encrypted\./, 'encrypted'],
  [/^Heuristics\.Limits\.Exceeded\.MaxRecursion/, 'too-deep'],
  [/^Heuristics\.Limits\.Exceeded\.MaxScanTime/, 'timeout'],
  [/^Heuristics\.Limits\.Exceeded/, 'bomb'],
];
/** Signatures that clamd itself does not call malware. */
const SUSPICIOUS = /^(?:PUA|Heuristics|Structured)\./;

function findingOf(signature: string, piece: Piece, sha256: string): Finding {
  const name = signature.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, MAX_SIGNATURE_CHARACTERS);
  return {
    engine: 'clamd',
    rule: name,
    namespace: 'clamd',
    class: SUSPICIOUS.test(name) ? 'suspicious' : 'malicious',
    severity: 'high',
    part: piece.path,
    sha256,
  };
}

function errorOf(message: string): ScanLimitError {
  return /size limit exceeded/i.test(message)
    ? new ScanLimitError('too-large', 'larger than clamd accepts')
    : new ScanLimitError('engine-failed', `clamd: ${message.slice(0, MAX_SIGNATURE_CHARACTERS)}`);
}

function judge(reply: ClamdReply, piece: Piece, sha256: string): readonly Finding[] {
  if (reply.kind === 'clean') {
    return [];
  }
  if (reply.kind === 'error') {
    throw errorOf(reply.message);
  }
  const notLooked = NOT_LOOKED.find(([pattern]) => pattern.test(reply.signature));
  if (notLooked !== undefined) {
    throw new ScanLimitError(notLooked[1], `clamd: ${reply.signature}`);
  }
  return [findingOf(reply.signature, piece, sha256)];
}

/**
 * clamd as a second opinion on every piece. What it cannot say is an error with its cause, never clean.
 * `now` is a monotonic clock in milliseconds.
 */
export function createClamdEngine(options: ClamdOptions, now: () => number): Engine {
  const client = new ClamdClient(options);
  let downUntil = Number.NEGATIVE_INFINITY;

  const ask = async (bytes: Uint8Array, timeoutMs: number): Promise<ClamdReply> => {
    if (now() < downUntil) {
      throw new ScanLimitError('engine-failed', 'clamd is not reachable');
    }
    try {
      return await client.scan(bytes, timeoutMs);
    } catch (reason) {
      if (reason instanceof ClamdTimeout) {
        throw new ScanLimitError('timeout', 'clamd did not answer in time');
      }
      if (reason instanceof ClamdBrokeOff) {
        throw new ScanLimitError('engine-failed', `clamd broke off (${describeFailure(reason)})`);
      }
      downUntil = now() + DOWN_MS;
      throw new ScanLimitError('engine-failed', `clamd is not reachable (${describeFailure(reason)})`);
    }
  };

  return {
    name: 'clamd',
    inspect: async (piece: Piece, sha256: string, budget: Budget): Promise<readonly Finding[]> => {
      budget.checkTime();
      if (piece.bytes.byteLength === 0) {
        return [];
      }
      const timeoutMs = Math.min(options.timeoutMs, budget.remainingMs());
      return judge(await ask(piece.bytes, timeoutMs), piece, sha256);
    },
  };
}
