import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { ApiFixture } from '../../../test/support/api-fixture.ts';

const fixture = new ApiFixture();
after(() => fixture.close());

const DIGEST = 'a'.repeat(64);

const release = (body: string, type = 'application/json') =>
  fixture.api.send('POST', `/api/v1/quarantine/${DIGEST}/release`, Buffer.from(body), {
    'content-type': type,
  });
const padded = (bytes: number) => {
  const start = '{"reason":"x","pad":"';
  return `${start}${'x'.repeat(bytes - start.length - 2)}"}`;
};

describe('the API', () => {
  it('lets nobody in without a token, and says how', async () => {
    const { api } = fixture;
    for (const path of ['status', 'detections', 'quarantine', 'rules', 'exclusions', 'sessions', 'users']) {
      const answer = await api.get(`/api/v1/${path}`, { authorization: null });
      assert.equal(answer.status, 401, path);
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/u);
    }
    const scan = await api.send('POST', '/api/v1/scan', Buffer.from('x'), {
      authorization: null,
      'content-type': 'message/rfc822',
    });
    assert.equal(scan.status, 401);
  });

  it('answers every list for the token of the environment', async () => {
    for (const route of fixture.routes.filter(
      ({ method, params, answer }) => method === 'get' && params === undefined && answer.kind === 'json',
    )) {
      const answer = await fixture.api.get(route.path);
      assert.equal(answer.status, 200, `${route.path} ${answer.text}`);
    }
  });

  it('describes itself as OpenAPI 3.1 with every operation', async () => {
    const { status, json } = await fixture.api.get('/api/openapi.json', { authorization: null });
    assert.equal(status, 200);
    const document = fixture.openapi(json);
    assert.equal(document.openapi, '3.1.0');
    const ids = Object.values(document.paths).flatMap((item) =>
      Object.values(item).map((operation) => operation.operationId),
    );
    assert.deepEqual(ids.sort(), fixture.routes.map(({ id }) => id).sort());
    assert.equal(new Set(ids).size, ids.length);
    const text = JSON.stringify(json);
    const names = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/gu)].map((match) => match[1] ?? '');
    assert.ok(names.length > 20);
    for (const name of names) assert.ok(name in document.components.schemas, name);
  });

  it('sets the security headers on every answer, also on refusals', async () => {
    for (const path of ['/api/v1/status', '/api/v1/nothing', '/api/openapi.json']) {
      const { headers } = await fixture.api.get(path);
      assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/u);
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('x-frame-options'), 'DENY');
    }
  });

  it('answers malicious for an infected message, as postern scan --json does', async () => {
    const { status, json } = await fixture.api.send(
      'POST',
      '/api/v1/scan',
      Buffer.from('Subject: x\r\n\r\nINFECTED'),
      { 'content-type': 'message/rfc822' },
    );
    assert.equal(status, 200);
    const keys = ['file', 'verdict', 'cause', 'findings', 'sha256', 'bytes', 'pieces', 'ms'];
    assert.deepEqual(Object.keys(json), keys);
    assert.equal(json['verdict'], 'malicious');
  });

  it('takes an upload of the limit and refuses one byte more', async () => {
    const upload = (bytes: number) =>
      fixture.api.send('POST', '/api/v1/scan', Buffer.alloc(bytes, 'x'), {
        'content-type': 'message/rfc822',
      });
    assert.equal((await upload(fixture.maxScanBytes)).status, 200);
    assert.equal((await upload(fixture.maxScanBytes + 1)).status, 413);
  });

  it('refuses bodies that are too long, no JSON, or of another type', async () => {
    assert.equal((await release(padded(65_536))).status, 400);
    assert.equal((await release(padded(65_537))).status, 413);
    assert.equal((await release('{')).status, 400);
    assert.equal((await release('{"reason":"x"}', 'text/plain')).status, 415);
    assert.equal((await release('{"reason":"x"}', 'application/x-www-form-urlencoded')).status, 415);
  });

  it('says which field is wrong, and takes no unknown ones', async () => {
    const bad = await fixture.api.get('/api/v1/quarantine?limit=201');
    assert.equal(bad.status, 400);
    assert.deepEqual(bad.json['issues'], [
      { path: 'query.limit', message: 'Too big: expected number to be <=200' },
    ]);
    assert.equal((await fixture.api.get('/api/v1/quarantine?limit=200')).status, 200);
    assert.equal((await fixture.api.get('/api/v1/quarantine?colour=red')).status, 400);
    assert.equal((await fixture.api.get('/api/v1/quarantine?limit=1&limit=2')).status, 400);
    assert.equal((await fixture.api.get(`/api/v1/quarantine?rule=${'x'.repeat(5_000)}`)).status, 400);
  });

  it('tells an unknown path from a wrong method', async () => {
    assert.equal((await fixture.api.get('/api/v1/nothing')).status, 404);
    const wrong = await fixture.api.send('DELETE', '/api/v1/status');
    assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'GET, HEAD']);
    assert.equal((await fixture.api.get(`/api/v1/quarantine/${DIGEST}`)).status, 404);
  });

  it('lets each role do its own and not more', async () => {
    const viewer = await fixture.token('viewer');
    const operator = await fixture.token('operator');
    const statusFor = async (token: string, path: string) =>
      (await fixture.api.get(path, { authorization: `Bearer ${token}` })).status;
    assert.equal(await statusFor(viewer, '/api/v1/status'), 200);
    assert.equal(await statusFor(viewer, '/api/v1/quarantine'), 403);
    assert.equal(await statusFor(operator, '/api/v1/quarantine'), 200);
    assert.equal(await statusFor(operator, '/api/v1/users'), 403);
  });
});
