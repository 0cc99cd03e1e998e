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
import { deadAlert } from '../support/control-doubles.ts';
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
  '\u202egpj.exe\u0000\ufeff',
  '1'.repeat(40),
  'NaN',
  '0x10',
  '٣',
];

/** Beyond what a number can hold exactly, or at all, as JSON text. */
const HUGE = ['9007199254740993', '-9223372036854775808', '1e308', '1e400', '-0', '0.1', '1'.repeat(400)];

/** What bodies say they are. */
const TYPES = [
  'text/plain',
  '',
  'application/json; charset=utf-16',
  'application/JSON ;;=',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded',
  'message/rfc822',
  '*/*',
];

/** Queries that no form makes. */
const QUERIES = [
  'a=b=c&&',
  '%ff=%fe',
  '%=%',
  'limit=1&limit=2',
  '__proto__=1',
  'x'.repeat(5_000),
  '[]=1',
  '?=?',
];

const KNOWN = Buffer.from('Subject: x\r\n\r\nINFECTED');
const LETTER = '4f0ad7a4-5a0f-4a53-9a5e-0c0a3c1f7c11';

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
      LETTER,
      'protection',
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
  // An event stream does not end.
  const callable = operations.filter(({ operation }) => operation.operationId !== 'watchEvents');
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
            { weight: 1, arbitrary: hostileJson(operation.operationId) },
          )
        : fc.oneof(fc.string({ unit: 'binary' }), fc.constant('x'.repeat(fixture.maxScanBytes + 1)));
    return fc.record({
      id: fc.constant(operation.operationId),
      method: fc.constant(method),
      path: fc.constant(path),
      inPath: fc.constant(operation.parameters.filter((one) => one.in === 'path').map(({ name }) => name)),
      values: fc.record<Record<string, unknown>>(Object.fromEntries(fields), { requiredKeys: [] }),
      type: fc.oneof({ weight: 4, arbitrary: fc.constant(type) }, fc.constantFrom(...TYPES)),
      more: fc.oneof({ weight: 9, arbitrary: fc.constant('') }, fc.constantFrom(...QUERIES)),
      body: fc.constant(content.length > 0).chain((has) => (has ? body : fc.constant(undefined))),
    });
  });
}

/** JSON that is sound and means harm: depth, numbers, names that are there twice or belong to every object. */
function hostileJson(id: string): fc.Arbitrary<string> {
  const depth = 20_000;
  return fc.constantFrom(
    '['.repeat(depth) + ']'.repeat(depth),
    `{"days":${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}}`,
    '{"__proto__":{"role":"administrator"},"constructor":{"prototype":1}}',
    '{"reason":"a","reason":"b","name":"x","name":"y"}',
    `{"reason":"${id}","on":true,"until":"9999-12-31T23:59:59Z"}`,
    `{"reason":"${id}","on":false,"until":"+275760-09-13T00:00:00Z"}`,
    ...HUGE.map((number) => `{"days":${number},"on":${number},"until":${number},"reason":${number}}`),
    '"\\ud800"',
    'null',
    '\ufeff{}',
  );
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
    const called = new Set<string>();
    fixture.letters.push(...Array.from({ length: 500 }, () => deadAlert({ id: LETTER })));
    const property = fc.asyncProperty(requestsFor(document), async (request) => {
      const { id, method, values, inPath, type, body, more } = request;
      called.add(id);
      const path = request.path.replaceAll(/\{(\w+)\}/gu, (_, name: string) => encoded(values[name] ?? 'x'));
      const query = Object.entries(values)
        .filter(([name]) => !inPath.includes(name))
        .map(([name, value]) => `${name}=${encoded(value)}`);
      const answer = await fixture.api.send(
        method.toUpperCase(),
        `${path}?${[...query, more].filter(Boolean).join('&')}`,
        body === undefined ? undefined : Buffer.from(body),
        type === '' ? {} : { 'content-type': type },
      );
      seen.add(answer.status);
      assert.ok(answer.status < 500, `${id} ${answer.status} ${answer.text}`);
      const kind = answer.headers.get('content-type') ?? '';
      assert.ok(/^application\/(?:json|zip|octet-stream)/u.test(kind) || answer.status === 204, kind);
      assert.ok(answer.headers.has('content-security-policy'));
    });
    await fc.assert(property, fuzzSetting(3));
    assert.equal(called.size, fixture.routes.length - 1, 'every operation but the event stream was called');
    for (const status of [200, 202, 204, 400, 404, 409, 413, 415])
      assert.ok(seen.has(status), `nothing was answered ${status}`);
  },
);
