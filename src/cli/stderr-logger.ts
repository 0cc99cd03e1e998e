import type { LogFields, Logger } from '../base/log.ts';
import type { Io } from './io.ts';
import { printable } from './terminal-text.ts';

function line(kind: string, fields: LogFields, message: string): string {
  const { error } = fields;
  const reason = error instanceof Error ? ` (${error.message})` : '';
  return `${kind}: ${printable(message + reason)}\n`;
}

/** For commands of a person at a terminal: warnings and errors as sentences, nothing else. */
export function createStderrLogger(io: Pick<Io, 'err'>): Logger {
  const log: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (fields, message) => io.err(line('warning', fields, message)),
    error: (fields, message) => io.err(line('error', fields, message)),
    child: () => log,
  };
  return log;
}
