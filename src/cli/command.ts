import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { createApp } from '../app.ts';
import type { openScanner } from '../scanner-opening.ts';
import type { Io } from './io.ts';

/** What commands need of the roof; tests pass doubles. */
export interface Roof {
  readonly createApp: typeof createApp;
  readonly openScanner: typeof openScanner;
}

export interface Command {
  readonly name: string;
  /** One line of the overview. */
  readonly summary: string;
  readonly help: string;
  /** Resolves with the exit code. Throws `UsageError` or `GatewayError` for what the user can correct. */
  run(argv: readonly string[], io: Io, roof: Roof): Promise<number>;
}

export const EXIT_OK = 0;
/** It was done, and the answer is no: something found, invalid or not ready. */
export const EXIT_NO = 1;
/** It could not be done: wrong arguments, unreadable input, a failure of our own. */
export const EXIT_FAILED = 2;

/** The command line is wrong; the message says how. */
export class UsageError extends Error {}

/** `parseArgs` of Node with errors for people. Its messages go on with hints about `--`; the first sentence is enough. */
export function readArguments<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new UsageError(text.split(/\.(?:\s|$)/u, 1).join(''));
  }
}
