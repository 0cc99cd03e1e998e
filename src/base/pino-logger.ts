import { destination, pino, stdTimeFunctions, type Logger as Pino } from 'pino';
import { GatewayError } from './errors.ts';
import type { LogFields, Logger } from './log.ts';

export interface PinoLoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** Receives lines instead of standard output. */
  readonly write?: (line: string) => void;
}

/** A logger with a queue: `flush` before the process ends, or the last lines are lost. */
export interface FlushableLogger extends Logger {
  flush(): void;
}

/** A name or address that a peer chose must not fill the log. */
const MAX_TEXT = 1_000;
/** When nobody reads standard output, lines are dropped above this, so that memory stays bounded. */
const MAX_QUEUED_BYTES = 16 * 1024 * 1024;

/** The last net below `Secret`: fields of these names are never written, at the top or one level down. */
const SECRET_FIELDS = [
  'password',
  'pass',
  'secret',
  'token',
  'credentials',
  'authorization',
  'cookie',
  'initialResponse',
];

/** What the log says of an error: its code instead of a class name, its causes, its stack for our own faults only. */
function describeError(error: Error): LogFields {
  const { cause } = error;
  const known = error instanceof GatewayError;
  return {
    ...(known ? { code: error.code, retryable: error.retryable, ...error.fields } : { name: error.name }),
    message: error.message.slice(0, MAX_TEXT),
    ...(known && error.code !== 'INTERNAL' ? {} : { stack: error.stack }),
    ...('code' in error && !known ? { code: String(error.code) } : {}),
    ...(cause instanceof Error ? { cause: describeError(cause) } : {}),
  };
}

function bounded(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]: [string, unknown]) => {
      if (value instanceof Error) {
        return [name, describeError(value)];
      }
      return [
        name,
        typeof value === 'string' && value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value,
      ];
    }),
  );
}

type Level = 'debug' | 'info' | 'warn' | 'error';

/**
 * The bindings of a child are put together when it first has something to say: most sessions never do. A later
 * binding of the same name takes the place of the earlier one; pino's own children would write both.
 */
class PinoLogger implements FlushableLogger {
  readonly #root: Pino;
  readonly #bindings: LogFields;
  readonly flush: () => void;
  #bound: Pino | undefined;

  constructor(root: Pino, bindings: LogFields, flush: () => void) {
    this.#root = root;
    this.#bindings = bindings;
    this.flush = flush;
  }

  debug(fields: LogFields, message: string): void {
    this.#write('debug', fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#write('info', fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#write('warn', fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#write('error', fields, message);
  }

  child(fields: LogFields): FlushableLogger {
    return new PinoLogger(this.#root, { ...this.#bindings, ...fields }, this.flush);
  }

  #write(level: Level, fields: LogFields, message: string): void {
    if (!this.#root.isLevelEnabled(level)) return;
    this.#bound ??= this.#root.child(bounded(this.#bindings));
    this.#bound[level](fields, message);
  }
}

/** JSON lines `{"level","time","msg",…}` on standard output, without a transport thread. */
export function createPinoLogger({ level, write }: PinoLoggerOptions): FlushableLogger {
  const output =
    write === undefined ? destination({ fd: 1, sync: false, maxLength: MAX_QUEUED_BYTES }) : undefined;
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    // errors are described by `bounded`; pino would take the description for a thing of class Object
    serializers: { err: (error: unknown) => error },
    formatters: { level: (label: string) => ({ level: label }), log: bounded },
    redact: { paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' },
  };
  const logger = pino(options, output ?? { write: (line: string) => write?.(line) });
  return new PinoLogger(logger, {}, () => output?.flushSync());
}
