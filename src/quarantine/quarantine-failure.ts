import { GatewayError } from '../base/errors.ts';

/** Time does not heal these. */
const PERMANENT: ReadonlySet<string> = new Set([
  'EACCES',
  'EPERM',
  'ENOTDIR',
  'EROFS',
  'ENAMETOOLONG',
  'ELOOP',
]);

/** Everything that goes wrong in here, as the one error that the gateway knows. */
export function quarantineFailure(what: string, cause: unknown): GatewayError {
  if (cause instanceof GatewayError && cause.code === 'QUARANTINE_FAILED') return cause;
  if (cause instanceof GatewayError) {
    const { retryable, fields } = cause;
    return new GatewayError('QUARANTINE_FAILED', cause.message, { cause, retryable, fields });
  }
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = code === '' && cause instanceof Error ? cause.message : code;
  return new GatewayError('QUARANTINE_FAILED', `${what}: ${reason}`, {
    cause,
    retryable: !PERMANENT.has(code),
  });
}
