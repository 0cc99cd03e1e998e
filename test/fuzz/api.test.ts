import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import * as fc from 'fast-check';
import { z } from 'zod';
import { systemClock } from '../../src/base/clock.ts';
import { configSchema } from '../../src/base/config/schema.ts';
import { silentLogger } from '../../src/base/log.ts';
import { historyDatabase } from '../../src/history/history-database.ts';
import { SqliteHistory } from '../../src/history/sqlite-history.ts';
import { createMessagePreviewer } from '../../src/quarantine/message-previewer.ts';
import { openQuarantine } from '../../src/quarantine/open-quarantine.ts';
import { writeZip } from '../../src/quarantine/zip-writer.ts';
import { digestOf, entryFor, inMemory } from '../contract/quarantine-store.contract.ts';
import { ApiFixture } from '../support/api-fixture.ts';
import { fuzzSetting } from './fuzz-setting.ts';

/** What of JSON schema the document uses. */
const nodeSchema = z.looseObject({
  type: z.string().optional(),
  $ref: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  pattern: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
});

const documentSchema = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        operationId: z.string(),
        parameters: z.array(
          z.object({ name: z.string(), in: z.enum(['path', 'query']), schema: z.unknown() }),
        ),
        requestBody: z
          .object({ content: z.record(z.string(), z.object({ schema: z.unknown() })) })
          .optional(),
      }),
    ),
  ),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});
type Document = z.output<typeof documentSchema>;

const HOSTILE = [
  '',
  '\0',
  "' OR 1=1 --",
  '%00',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '__proto__',
  '9'.repeat(400),
  '-1',
  '1e309',
  '2026-99-99T99:99:99Z',
  '\ud800',
  'x'.repeat(3_000),
  '${7*7}{{7*7}}',
];

const KNOWN = Buffer.from('Subject: x\r\n\r\nINFECTED');

/** Values that fit a schema, nearly fit it, or mean harm. */
function valuesFor(node: unknown, document: Document): fc.Arbitrary<unknown> {
  const { success, data } = nodeSchema.safeParse(node);
  return fc.oneof(
    { weight: 3, arbitrary: success ? fitting(data, document) : fc.anything() },
    { weight: 1, arbitrary: fc.constantFrom<unknown>(...HOSTILE, null, [], {}, 0, -1, true) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  );
}

function fitting(node: z.output<typeof nodeSchema>, document: Document): fc.Arbitrary<unknown> {
  if (node.$ref !== undefined) {
    return valuesFor(document.components.schemas[node.$ref.split('/').at(-1) ?? ''], document);
  }
  if (node.enum !== undefined) return fc.constantFrom(...node.enum);
  if (node.type === 'object') {
    const fields = Object.entries(node.properties ?? {}).map(([name, child]) => [
      name,
      valuesFor(child, document),
    ]);
    return fc.record<Record<string, unknown>>(Object.fromEntries(fields), { requiredKeys: [] });
  }
  if (node.type === 'integer' || node.type === 'number') {
    return fc.integer({ min: (node.minimum ?? -5) - 1, max: Math.min(node.maximum ?? 1e6, 1e6) + 1 });
  }
  if (node.type === 'boolean') return fc.boolean();
  if (node.type === 'array') return fc.array(valuesFor(node.items, document), { maxLength: 5 });
  return fc.oneof(
    fc.constantFrom(
      digestOf(KNOWN),
      'abcd',
      'ann',
      '2026-11-21',
      '2026-11-21T08:00:00Z',
      'malicious',
      '5.x',
      'x',
    ),
    fc.string(),
  );
}

const folder = mkdtempSync(join(tmpdir(), 'postern-api-fuzz-'));
const config = configSchema.parse({
  upstream: { host: 'm.example' },
  quarantine: { path: join(folder, 'q') },
});
const { archive, releases, audit } = openQuarantine(config.quarantine, systemClock, silentLogger);
const history = new SqliteHistory(historyDatabase(join(folder, 'history.db')));
const previewer = createMessagePreviewer();
const fixture = new ApiFixture({ quarantine: archive, releases, audit, history, previewer, zip: writeZip });
after(async () => {
  fixture.close();
  history.close();
  await archive.close();
  rmSync(folder, { recursive: true });
});
before(async () => {
  await archive.commit(entryFor(digestOf(KNOWN)), inMemory(KNOWN));
});

function requestsFor(document: Document) {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );
  // An event stream does not end, and a preview is a thread for each call.
  const callable = operations.filter(({ operation }) => !/Events|preview/u.test(operation.operationId));
  return fc.constantFrom(...callable).chain(({ path, method, operation }) => {
    const fields = operation.parameters.map(({ name, schema }) => [name, valuesFor(schema, document)]);
    const content = Object.entries(operation.requestBody?.content ?? {});
    const [type = '', shape] = content[0] ?? [];
    const body =
      type === 'application/json'
        ? fc.oneof(
            {
              weight: 4,
              arbitrary: valuesFor(shape?.schema, document).map((value) => JSON.stringify(value) ?? ''),
            },
            { weight: 1, arbitrary: fc.string() },
          )
        : fc.string({ unit: 'binary' });
    return fc.record({
      method: fc.constant(method),
      path: fc.constant(path),
      inPath: fc.constant(operation.parameters.filter((one) => one.in === 'path').map(({ name }) => name)),
      values: fc.record<Record<string, unknown>>(Object.fromEntries(fields), { requiredKeys: [] }),
      type: fc.constantFrom(type, type, type, 'text/plain', ''),
      body: fc.constant(content.length > 0).chain((has) => (has ? body : fc.constant(undefined))),
    });
  });
}

const encoded = (value: unknown): string => encodeURIComponent(asText(value).toWellFormed());

const asText = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '');

it(
  'no request, however made, is answered 500 or with anything but JSON text',
  { timeout: 100_000 },
  async () => {
    const document = documentSchema.parse((await fixture.api.get('/api/openapi.json')).json);
    const seen = new Set<number>();
    const property = fc.asyncProperty(requestsFor(document), async (request) => {
      const { method, values, inPath, type, body } = request;
      const path = request.path.replaceAll(/\{(\w+)\}/gu, (_, name: string) => encoded(values[name] ?? 'x'));
      const query = Object.entries(values)
        .filter(([name]) => !inPath.includes(name))
        .map(([name, value]) => `${name}=${encoded(value)}`);
      const answer = await fixture.api.send(
        method.toUpperCase(),
        `${path}?${query.join('&')}`,
        body === undefined ? undefined : Buffer.from(body),
        type === '' ? {} : { 'content-type': type },
      );
      seen.add(answer.status);
      assert.ok(answer.status < 500, `${answer.status} ${answer.text}`);
      const kind = answer.headers.get('content-type') ?? '';
      assert.ok(/^application\/(?:json|zip|octet-stream)/u.test(kind) || answer.status === 204, kind);
      assert.ok(answer.headers.has('content-security-policy'));
    });
    await fc.assert(property, fuzzSetting(3));
    for (const status of [200, 400, 404]) assert.ok(seen.has(status), `nothing was answered ${status}`);
  },
);
