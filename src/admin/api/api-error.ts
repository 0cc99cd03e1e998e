/** Everything an API call can be refused with. */
export const API_ERROR_CODES = [
  'bad-request',
  'unauthenticated',
  'forbidden',
  'not-found',
  'method-not-allowed',
  'conflict',
  'too-large',
  'unsupported-media-type',
  'too-many-attempts',
  'unavailable',
  'internal',
] as const;
export type ApiErrorCode = (typeof API_ERROR_CODES)[number];

const STATUS: Readonly<Record<ApiErrorCode, number>> = {
  'bad-request': 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  conflict: 409,
  'too-large': 413,
  'unsupported-media-type': 415,
  'too-many-attempts': 429,
  unavailable: 503,
  internal: 500,
};

export interface ApiIssue {
  /** Where in the request, e.g. `query.limit`. */
  readonly path: string;
  readonly message: string;
}

/** A refusal that the caller may read. The message never holds secrets, paths or stack traces. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  readonly issues: readonly ApiIssue[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ApiErrorCode,
    message: string,
    more: { readonly issues?: readonly ApiIssue[]; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.code = code;
    this.issues = more.issues ?? [];
    this.headers = more.headers ?? {};
  }

  get status(): number {
    return STATUS[this.code];
  }

  toResponse(): Response {
    const body = { error: this.message, code: this.code, issues: this.issues };
    return Response.json(body, { status: this.status, headers: this.headers });
  }
}
