import { ApiError } from './api-error.ts';
import type { BodyShape } from './route.ts';

/** The longest JSON body that any operation needs is below 4 KB. */
const MAX_JSON_BYTES = 65_536;

/** Reads a body up to its limit. Throws `too-large`, `unsupported-media-type` or `bad-request`. */
export async function readBody(request: Request, shape: BodyShape): Promise<unknown> {
  if (shape.kind === 'none') return requireEmpty(request);
  if (shape.kind === 'upload') {
    requireType(request, shape.type, 'application/octet-stream');
    return readBytes(request, shape.maxBytes);
  }
  requireType(request, 'application/json');
  return parseJson(await readBytes(request, MAX_JSON_BYTES));
}

function requireEmpty(request: Request): unknown {
  const length = request.headers.get('content-length') ?? '0';
  if (length !== '0' || request.headers.has('transfer-encoding')) {
    throw new ApiError('too-large', 'this operation takes no body', { headers: { connection: 'close' } });
  }
  return {};
}

/** Forms of other pages can send neither of the types that are taken here. */
function requireType(request: Request, ...types: readonly string[]): void {
  const [type = ''] = (request.headers.get('content-type') ?? '').split(';', 1);
  if (!types.includes(type.trim().toLowerCase())) {
    throw new ApiError('unsupported-media-type', `the body has to be ${types.join(' or ')}`);
  }
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = new ApiError('too-large', `the body is larger than ${maxBytes} bytes`, {
    headers: { connection: 'close' },
  });
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > maxBytes) throw tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ApiError('bad-request', 'the body is not JSON');
  }
}
