import { once } from 'node:events';
import { systemClock } from '../base/clock.ts';
import type { Environment } from '../base/config/environment.ts';
import { withoutEcho } from './signal-echo.ts';

export type Interrupt = 'SIGINT' | 'SIGTERM';

/** Everything a command may touch of its process; tests pass a recording one. */
export interface Io {
  /** Standard output: data. Resolves when it may be written to again. */
  out(data: string | Uint8Array): Promise<void>;
  /** Standard error: messages for people. */
  err(text: string): void;
  readonly stderrIsTerminal: boolean;
  readonly env: Environment;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Calls `handler` for each Ctrl-C or SIGTERM until the returned function is called. */
  onInterrupt(handler: (signal: Interrupt) => void): () => void;
  /** Calls `handler` for each SIGHUP until the returned function is called. */
  onHangUp(handler: () => void): () => void;
  /** Calls `handler` for an exception that nothing caught (`fatal`) or a rejection that nothing handled. */
  onFault(handler: (error: unknown, fatal: boolean) => void): void;
  /** Ends the process at once. */
  exit(code: number): void;
}

async function write(data: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(data)) {
    await once(process.stdout, 'drain');
  }
}

function onInterrupt(handler: (signal: Interrupt) => void): () => void {
  const listener = withoutEcho(handler, systemClock);
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return () => {
    process.off('SIGINT', listener);
    process.off('SIGTERM', listener);
  };
}

function onHangUp(handler: () => void): () => void {
  process.on('SIGHUP', handler);
  return () => process.off('SIGHUP', handler);
}

function onFault(handler: (error: unknown, fatal: boolean) => void): void {
  process.on('uncaughtException', (error) => handler(error, true));
  process.on('unhandledRejection', (error) => handler(error, false));
}

export function processIo(): Io {
  return {
    out: write,
    err: (text) => void process.stderr.write(text),
    stderrIsTerminal: process.stderr.isTTY,
    env: process.env,
    stdin: process.stdin,
    onInterrupt,
    onHangUp,
    onFault,
    exit: (code) => process.exit(code),
  };
}
