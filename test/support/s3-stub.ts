import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** As much of an S3-compatible store as the quarantine uses, in memory, on loopback. */
export class S3Stub {
  readonly objects = new Map<string, Buffer>();
  /** Answer everything with this status. */
  failWith: number | undefined;
  /** Names of one page of a list. */
  pageSize = 2;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<S3Stub> {
    const server = createServer();
    const stub = new S3Stub(server);
    server.on('request', (request, response) => void stub.#answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return stub;
  }

  get endpoint(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return `http://127.0.0.1:${address.port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const { pathname, searchParams } = new URL(request.url ?? '', this.endpoint);
    const signed = request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 Credential=KEY/');
    if (signed !== true) return void response.writeHead(403).end();
    if (this.failWith !== undefined) return void response.writeHead(this.failWith).end();
    const [, bucket, ...rest] = pathname.split('/');
    if (bucket !== 'postern') return void response.writeHead(404).end();
    const name = rest.join('/');
    if (request.method === 'PUT') {
      this.objects.set(name, body);
      return void response.writeHead(200).end();
    }
    if (request.method === 'DELETE') {
      this.objects.delete(name);
      return void response.writeHead(204).end();
    }
    if (name === '') return void response.writeHead(200).end(this.#list(searchParams));
    const object = this.objects.get(name);
    if (object === undefined) return void response.writeHead(404).end();
    const range = /^bytes=0-(?<end>\d+)$/u.exec(request.headers.range ?? '')?.groups?.['end'];
    const part = range === undefined ? object : object.subarray(0, Number(range) + 1);
    response.writeHead(range === undefined ? 200 : 206, { 'content-length': part.byteLength });
    response.end(request.method === 'HEAD' ? undefined : part);
  }

  #list(search: URLSearchParams): string {
    const prefix = search.get('prefix') ?? '';
    const after = search.get('continuation-token') ?? '';
    const names = [...this.objects.keys()].filter((name) => name.startsWith(prefix) && name > after).sort();
    const page = names.slice(0, this.pageSize);
    const more = names.length > page.length;
    const token = more ? `<NextContinuationToken>${page.at(-1) ?? ''}</NextContinuationToken>` : '';
    const keys = page.map((name) => `<Contents><Key>${name}</Key></Contents>`).join('');
    return `<ListBucketResult><IsTruncated>${more}</IsTruncated>${keys}${token}</ListBucketResult>`;
  }
}
