/** Every way the gateway itself can fail, as a closed set: log field, metric label and key of the replies. */
export const ERROR_CODES = [
  'CONFIG_INVALID',
  'RULES_INVALID',
  'LISTEN_FAILED',
  'CERTIFICATE_INVALID',
  'TOO_MANY_CONNECTIONS',
  'CLIENT_TLS_FAILED',
  'UPSTREAM_UNREACHABLE',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_TLS_FAILED',
  'UPSTREAM_LOST',
  'CLIENT_TIMEOUT',
  'SPOOL_FAILED',
  'QUARANTINE_FAILED',
  'STORE_FAILED',
  'INTERNAL',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

export interface ErrorContext {
  readonly cause?: unknown;
  /** May the same thing succeed later without anybody changing anything? */
  readonly retryable?: boolean;
  /** Loggable facts; never secrets, never message content. */
  readonly fields?: Readonly<Record<string, string | number | boolean>>;
}

/** An error with a code. `message` is for the administrator's log; peers get a generic sentence. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly fields: Readonly<Record<string, string | number | boolean>>;

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = code;
    this.retryable = context.retryable ?? false;
    this.fields = context.fields ?? {};
  }
}
