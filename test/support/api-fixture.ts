import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { SqliteAccountStore } from '../../src/admin/accounts/sqlite-account-store.ts';
import { Authenticator } from '../../src/admin/accounts/authenticator.ts';
import type { Role } from '../../src/admin/accounts/principal.ts';
import { type ApiHandler, apiRoutes, createApi } from '../../src/admin/api/api.ts';
import type { ApiParts } from '../../src/admin/api/api-parts.ts';
import type { Route } from '../../src/admin/api/route.ts';
import { EventHub } from '../../src/admin/event-hub.ts';
import type { DeadAlert } from '../../src/admin/providers.ts';
import { Secret } from '../../src/base/secret.ts';
import type { AuditEntry, AuditTrail } from '../../src/quarantine/audit-trail.ts';
import { controlDoubles } from './control-doubles.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeScanner } from './fake-scanner.ts';
import { RecordingLog } from './recording-log.ts';

const TOKEN = 'the-token-of-the-environment';

const openapiSchema = z.object({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ operationId: z.string() }))),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly bytes: Buffer;
  /** Empty when the answer is no JSON object. */
  readonly json: Record<string, unknown>;
}

/** A null value removes the header that is sent by default. */
type SentHeaders = Readonly<Record<string, string | null>>;

/** Calls the API without a socket. */
export class ApiCaller {
  readonly #handler: ApiHandler;
  address = '192.0.2.1';

  constructor(handler: ApiHandler) {
    this.#handler = handler;
  }

  get(path: string, headers: SentHeaders = {}): Promise<ApiAnswer> {
    return this.send('GET', path, undefined, headers);
  }

  post(path: string, body: unknown, headers: SentHeaders = {}): Promise<ApiAnswer> {
    return this.send('POST', path, Buffer.from(JSON.stringify(body)), {
      'content-type': 'application/json',
      ...headers,
    });
  }

  async send(method: string, path: string, body?: Uint8Array, headers: SentHeaders = {}): Promise<ApiAnswer> {
    const all = { authorization: `Bearer ${TOKEN}`, ...headers };
    const sent = Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
    const request = new Request(`http://gateway.test${path}`, {
      method,
      headers: Object.fromEntries(sent),
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    });
    const response = await this.#handler(request, { address: this.address, isSecure: false });
    const bytes = Buffer.from(await response.arrayBuffer());
    return {
      status: response.status,
      headers: response.headers,
      bytes,
      text: bytes.toString(),
      json: parsed(bytes),
    };
  }
}

function parsed(bytes: Buffer): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(bytes.toString()));
  } catch {
    return {};
  }
}

export class RecordingAudit implements AuditTrail {
  readonly entries: AuditEntry[] = [];
  append(entry: AuditEntry): void {
    this.entries.push(entry);
  }
  list(): ReturnType<AuditTrail['list']> {
    const items = this.entries.map((entry, id) => ({ ...entry, id, at: '2026-01-01T00:00:00.000Z' }));
    return { items: items.toReversed(), next: null };
  }
}

/** The API over doubles of everything but accounts. */
export class ApiFixture {
  readonly clock = new FakeClock();
  readonly log = new RecordingLog();
  readonly audit = new RecordingAudit();
  readonly scanner = new FakeScanner();
  readonly events = new EventHub();
  readonly maxScanBytes = 10_000;
  readonly kicked: string[] = [];
  readonly drained: string[] = [];
  readonly reloaded: string[] = [];
  measured = 0;
  readonly letters: DeadAlert[] = [];
  readonly parts: ApiParts;
  readonly routes: readonly Route[];
  readonly handler: ApiHandler;
  readonly api: ApiCaller;
  readonly #folder = mkdtempSync(join(tmpdir(), 'postern-api-'));
  #tokens = 0;

  constructor(replace: Partial<ApiParts> = {}) {
    const { clock, audit } = this;
    const accounts = new SqliteAccountStore(join(this.#folder, 'admin.db'), clock);
    const authenticator = new Authenticator({ accounts, audit, token: new Secret(TOKEN), clock });
    this.parts = { ...this.#doubles(), accounts, authenticator, ...replace };
    this.routes = apiRoutes(this.parts);
    this.handler = createApi(this.parts, '1.2.3');
    this.api = new ApiCaller(this.handler);
  }

  openapi(json: unknown): z.output<typeof openapiSchema> {
    return openapiSchema.parse(json);
  }

  async token(role: Role): Promise<string> {
    this.#tokens += 1;
    return this.parts.accounts.addToken(`test${this.#tokens}`, role) ?? '';
  }

  close(): void {
    this.parts.accounts.close();
    rmSync(this.#folder, { recursive: true });
  }

  #doubles(): Omit<ApiParts, 'accounts' | 'authenticator'> {
    const { audit, scanner, events, clock, log, maxScanBytes } = this;
    const page = { items: [], next: null };
    const counts = {
      scanned: 0,
      infected: 0,
      suspicious: 0,
      neutralised: 0,
      blocked: 0,
      deferred: 0,
      bytes: 0,
    };
    return {
      audit,
      scanner,
      events,
      clock,
      log,
      maxScanBytes,
      quarantine: {
        commit: () => Promise.reject(new Error('not here')),
        read: () => Promise.reject(new Error('not here')),
        search: async () => page,
        get: async () => undefined,
        remove: async () => false,
        usage: async () => ({ objects: 0, bytes: 0, quotaBytes: 0 }),
        prepare: async () => undefined,
        health: async () => ({ level: 'green', detail: 'fine' }),
        expire: async () => 0,
        rebuild: async () => 0,
        close: async () => undefined,
      },
      previewer: { preview: async () => ({ headers: [], text: '', truncated: false, parts: [] }) },
      zip: async (_, content) => content,
      releases: {
        find: () => undefined,
        release: () => Promise.reject(new Error('not here')),
        withdraw: async () => undefined,
        list: async () => page,
        changes: async () => page,
        adopt: async () => 0,
      },
      history: {
        search: () => page,
        fetchesOf: () => [],
        statistics: () => ({ days: [], total: { ...counts, unscanned: {} }, topRules: [] }),
      },
      hunts: () => [],
      retroHunt: {
        run: async (days) => ({
          generation: 'g',
          startedAt: '2026-01-01T00:00:00.000Z',
          days,
          judged: 0,
          failed: 0,
          truncated: false,
          nowBad: [],
        }),
      },
      ...this.#providers(),
      ...controlDoubles(clock, this.letters),
    };
  }

  #providers(): Pick<ApiParts, 'status' | 'rules' | 'exclusions' | 'sessions' | 'drain' | 'reload'> {
    const startedAt = '2026-01-01T00:00:00.000Z';
    return {
      status: {
        status: async () => ({
          level: 'green',
          reasons: [],
          version: '1.2.3',
          startedAt,
          protection: true,
          mode: 'protect',
          draining: false,
          generation: 'g',
          endpoints: [],
          quarantine: { objects: 0, bytes: 0, quotaBytes: 0 },
        }),
      },
      rules: {
        rules: () => ({
          generation: 'g',
          rules: 1,
          loadedAt: startedAt,
          files: [],
          shadowFiles: [],
          digestFiles: [],
          isOnProbation: false,
          problem: null,
          sources: [],
          hits: [],
        }),
        timing: { state: 'never', at: null, generation: '', truncated: false, times: [] },
        measure: () => (this.measured += 1) === 1,
      },
      exclusions: { list: () => [] },
      sessions: {
        list: () => [],
        kick: (id) => {
          this.kicked.push(id);
          return id === 'known';
        },
      },
      drain: {
        state: { draining: false, since: null, reason: '', deadline: null },
        drain: (reason) => void this.drained.push(reason),
      },
      reload: {
        reload: async (reason) => {
          this.reloaded.push(reason);
          return [
            { name: 'rules', ok: true },
            { name: 'configuration', ok: false, problem: 'line 3' },
          ];
        },
      },
    };
  }
}
