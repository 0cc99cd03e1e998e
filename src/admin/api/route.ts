import { z } from 'zod';
import type { Principal, Role } from '../accounts/principal.ts';
import { ApiError, type ApiIssue } from './api-error.ts';

export type Method = 'get' | 'post' | 'put' | 'delete';

/** Where a call comes from. */
export interface Peer {
  readonly address: string;
  /** Came over TLS to this port. */
  readonly isSecure: boolean;
}

/** What a route may need beside its validated input. */
export interface Call {
  /** Undefined only where access is `anyone`. */
  readonly principal: Principal | undefined;
  readonly peer: Peer;
  readonly request: Request;
}

export interface RawInput {
  readonly params: unknown;
  readonly query: unknown;
  /** Parsed JSON, or the bytes of an upload. */
  readonly body: unknown;
}

/** What a request may carry. */
export type BodyShape =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly name: string; readonly schema: z.ZodType }
  | { readonly kind: 'upload'; readonly type: string; readonly maxBytes: number };

/** What a route answers when it does not refuse. */
export type AnswerShape =
  | { readonly kind: 'json'; readonly status: number; readonly name: string; readonly schema: z.ZodType }
  | { readonly kind: 'empty' }
  | { readonly kind: 'bytes'; readonly types: readonly string[] }
  | { readonly kind: 'events' };

/** One operation of the API with everything that its documentation and its guard need. */
export interface Route {
  readonly method: Method;
  /** With parameters in braces, e.g. `/api/v1/quarantine/{id}`. */
  readonly path: string;
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly access: Role | 'anyone';
  readonly params: z.ZodType | undefined;
  readonly query: z.ZodType | undefined;
  readonly body: BodyShape;
  readonly answer: AnswerShape;
  run(input: RawInput, call: Call): Promise<Response>;
}

interface Head {
  readonly method: Method;
  readonly path: string;
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly access: Role | 'anyone';
}

const NOTHING = z.strictObject({});
type Nothing = typeof NOTHING;

interface Input<P extends z.ZodType, Q extends z.ZodType, B> {
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly body: B;
}

export interface JsonAnswer<A extends z.ZodType> {
  readonly status?: number;
  readonly name: string;
  readonly schema: A;
}

function issuesOf(where: string, error: z.ZodError): ApiIssue[] {
  return error.issues.slice(0, 20).map(({ path, message }) => ({
    path: [where, ...path.map(String)].join('.').slice(0, 200),
    message: message.slice(0, 200),
  }));
}

/** The validated value. Throws `bad-request` that says what is wrong and where. */
function valid<S extends z.ZodType>(schema: S, where: string, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) {
    return parsed.data;
  }
  throw new ApiError('bad-request', `the ${where} is not valid`, { issues: issuesOf(where, parsed.error) });
}

interface Shape<P extends z.ZodType, Q extends z.ZodType> {
  readonly params?: P;
  readonly query?: Q;
}

interface JsonRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>
  extends Head, Shape<P, Q> {
  readonly body?: { readonly name: string; readonly schema: B };
  readonly answer: JsonAnswer<A>;
  handle(input: Input<P, Q, z.output<B>>, call: Call): Promise<z.input<A>> | z.input<A>;
}

/** JSON in (or nothing), JSON out. The answer is checked against its schema as well. */
export function jsonRoute<
  A extends z.ZodType,
  P extends z.ZodType = Nothing,
  Q extends z.ZodType = Nothing,
  B extends z.ZodType = Nothing,
>(route: JsonRoute<P, Q, B, A>): Route {
  const { name, schema, status = 200 } = route.answer;
  return {
    ...headOf(route),
    params: route.params,
    query: route.query,
    body: route.body === undefined ? { kind: 'none' } : { kind: 'json', ...route.body },
    answer: { kind: 'json', name, schema, status },
    run: async (raw, call) => {
      const answer = await route.handle(validated(route, raw, route.body?.schema), call);
      return Response.json(schema.parse(answer), { status });
    },
  };
}

interface RawRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> extends Head, Shape<P, Q> {
  readonly body?: { readonly name: string; readonly schema: B };
  readonly answer: AnswerShape;
  handle(input: Input<P, Q, z.output<B>>, call: Call): Promise<Response> | Response;
}

/** Makes its own response: nothing, a file, a stream of events, or JSON with header fields. */
export function rawRoute<
  P extends z.ZodType = Nothing,
  Q extends z.ZodType = Nothing,
  B extends z.ZodType = Nothing,
>(route: RawRoute<P, Q, B>): Route {
  return {
    ...headOf(route),
    params: route.params,
    query: route.query,
    body: route.body === undefined ? { kind: 'none' } : { kind: 'json', ...route.body },
    answer: route.answer,
    run: async (raw, call) => route.handle(validated(route, raw, route.body?.schema), call),
  };
}

interface UploadRoute<A extends z.ZodType> extends Head {
  readonly body: { readonly type: string; readonly maxBytes: number };
  readonly answer: JsonAnswer<A>;
  handle(bytes: Uint8Array, call: Call): Promise<z.input<A>>;
}

/** Bytes in, JSON out. */
export function uploadRoute<A extends z.ZodType>(route: UploadRoute<A>): Route {
  const { name, schema, status = 200 } = route.answer;
  return {
    ...headOf(route),
    params: undefined,
    query: undefined,
    body: { kind: 'upload', ...route.body },
    answer: { kind: 'json', name, schema, status },
    run: async (raw, call) => {
      validated({}, raw, z.instanceof(Uint8Array));
      const bytes = valid(z.instanceof(Uint8Array), 'body', raw.body);
      return Response.json(schema.parse(await route.handle(bytes, call)), { status });
    },
  };
}

function headOf({ method, path, id, tag, summary, access }: Head): Head {
  return { method, path, id, tag, summary, access };
}

function validated<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
  shape: Shape<P, Q>,
  raw: RawInput,
  body: B | undefined,
): Input<P, Q, z.output<B>> {
  return {
    params: part(shape.params, 'path', raw.params),
    query: part(shape.query, 'query', raw.query),
    body: part(body, 'body', raw.body),
  };
}

/** What a route did not ask for has to be absent; then its type is that of the empty object. */
function part<S extends z.ZodType>(schema: S | undefined, where: string, value: unknown): z.output<S> {
  // oxlint-disable-next-line typescript/no-unsafe-return -- without a schema S is the empty object by default
  return valid(schema ?? NOTHING, where, value) as z.output<S>;
}
