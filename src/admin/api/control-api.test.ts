import assert from 'node:assert/strict';
import { after, beforeEach, describe, it } from 'node:test';
import { ApiFixture } from '../../../test/support/api-fixture.ts';
import { deadAlert } from '../../../test/support/control-doubles.ts';
import { z } from 'zod';
import { protectionSchema } from './control-schemas.ts';

let fixture = new ApiFixture();
beforeEach(() => {
  fixture.close();
  fixture = new ApiFixture();
});
after(() => fixture.close());

const JSON_BODY = { 'content-type': 'application/json' };

async function put(name: string, body: object, headers: Readonly<Record<string, string>> = {}) {
  const bytes = Buffer.from(JSON.stringify({ reason: 'a test', ...body }));
  return fixture.api.send('PUT', `/api/v1/protection/${name}`, bytes, { ...JSON_BODY, ...headers });
}

const isoIn = (ms: number): string => new Date(fixture.clock.now() + ms).toISOString();
const DAY_MS = 86_400_000;

async function bearer(role: 'viewer' | 'operator' | 'administrator') {
  return { authorization: `Bearer ${await fixture.token(role)}` };
}

describe('protection switches', () => {
  it('are seen by everybody and changed by administrators only, in the audit trail', async () => {
    const viewer = await bearer('viewer');
    assert.equal((await fixture.api.get('/api/v1/protection', viewer)).status, 200);
    for (const role of ['viewer', 'operator'] as const) {
      assert.equal((await put('imap', { on: false }, await bearer(role))).status, 403, role);
    }
    const answer = await put('imap', { on: false, until: isoIn(60_000) });
    assert.equal(answer.status, 200, answer.text);
    const { switches } = protectionSchema.parse(answer.json);
    const imap = switches.find(({ name }) => name === 'imap');
    assert.deepEqual([imap?.isOn, imap?.isConfiguredOn], [false, true]);
    assert.equal(imap?.change?.until, isoIn(60_000));
    assert.equal(fixture.parts.protection.list().find(({ name }) => name === 'imap')?.isOn, false);
    const [entry] = fixture.audit.entries.filter(({ action }) => action === 'protection-changed');
    assert.match(entry?.detail ?? '', /^off until .*: a test$/u);
  });

  it('end in the future, within 30 days', async () => {
    for (const [ms, status] of [
      [0, 400],
      [1, 200],
      [30 * DAY_MS, 200],
      [30 * DAY_MS + 1, 400],
    ] as const) {
      assert.equal((await put('mode', { on: false, until: isoIn(ms) })).status, status, String(ms));
    }
  });

  it('are not switched when it cannot be audited', async () => {
    fixture.audit.append = () => {
      throw new Error('disk full');
    };
    assert.equal((await put('protection', { on: false })).status, 500);
    assert.ok(fixture.parts.protection.list().every(({ isOn }) => isOn));
  });

  it('take no other name, no missing reason', async () => {
    assert.equal((await put('smtp', { on: false })).status, 400);
    assert.equal((await put('imap', { on: false, reason: ' ' })).status, 400);
    assert.equal((await put('imap', { on: 'no' })).status, 400);
  });
});

describe('the effective configuration', () => {
  it('is for operators, names every source and shows no secret', async () => {
    const path = '/api/v1/configuration';
    assert.equal((await fixture.api.get(path, await bearer('viewer'))).status, 403);
    const answer = await fixture.api.get(path, await bearer('operator'));
    assert.equal(answer.status, 200);
    assert.ok(!answer.text.includes('xxxxxxxx'));
    assert.match(answer.text, /"key":"admin.token","value":"\(set, not shown\)"/u);
  });
});

describe('alerts that did not arrive', () => {
  const PATH = '/api/v1/notifications/dead-letters';

  it('are listed, tried again and discarded by operators', async () => {
    fixture.letters.push(deadAlert(), deadAlert(), deadAlert());
    const [first, second] = fixture.letters;
    const operator = await bearer('operator');
    assert.equal((await fixture.api.get(PATH, await bearer('viewer'))).status, 403);
    const list = await fixture.api.get(PATH, operator);
    assert.equal(z.array(z.unknown()).parse(list.json['items']).length, 3);
    const retry = () => fixture.api.send('POST', `${PATH}/${first?.id}/retry`, undefined, operator);
    assert.equal((await retry()).status, 202);
    assert.equal((await retry()).status, 404);
    const discard = () => fixture.api.send('DELETE', `${PATH}/${second?.id}`, undefined, operator);
    assert.equal((await discard()).status, 204);
    assert.equal((await discard()).status, 404);
    assert.equal(fixture.letters.length, 1);
    const done = fixture.audit.entries.map(({ action }) => action);
    assert.deepEqual(done, ['alert-retried', 'alert-discarded']);
  });
});

describe('the retro-hunt', () => {
  const PATH = '/api/v1/retro-hunt';
  const start = (days = 30) => fixture.api.post(PATH, { days });
  const state = async () => (await fixture.api.get(PATH)).json;

  it('runs in the background, one at a time, says how far it is and keeps its report', async () => {
    const hunt = Promise.withResolvers<void>();
    const report = await fixture.parts.retroHunt.run(5);
    fixture.parts.retroHunt.run = async (_, __, onProgress) => {
      onProgress?.(7);
      await hunt.promise;
      return report;
    };
    assert.equal((await state())['state'], 'never');
    assert.equal((await start(5)).status, 202);
    assert.equal((await start()).status, 409);
    const running = await state();
    assert.deepEqual([running['state'], running['looked'], running['days']], ['running', 7, 5]);
    hunt.resolve();
    await hunt.promise;
    await new Promise((resolve) => setImmediate(resolve));
    const done = await state();
    assert.equal(done['state'], 'done');
    assert.equal(z.looseObject({ days: z.int() }).parse(done['report']).days, 5);
    assert.equal((await start()).status, 202);
  });

  it('is stopped by who wants it, and keeps the report before', async () => {
    fixture.parts.retroHunt.run = (_, signal) =>
      new Promise((__, reject) => signal?.addEventListener('abort', () => reject(new Error('stopped'))));
    assert.equal((await fixture.api.send('DELETE', PATH)).status, 404);
    await start();
    assert.equal((await fixture.api.send('DELETE', PATH)).status, 204);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await state())['state'], 'stopped');
  });

  it('says that it failed, with the reason in the log only', async () => {
    fixture.parts.retroHunt.run = () => Promise.reject(new Error('secret detail'));
    await start();
    await new Promise((resolve) => setImmediate(resolve));
    const answer = await fixture.api.get(PATH);
    assert.equal(answer.json['state'], 'failed');
    assert.ok(!answer.text.includes('secret detail'));
    assert.deepEqual(fixture.log.messages(), ['the retro-hunt failed']);
  });
});

describe('the rest of the control room', () => {
  it('measures rules once at a time', async () => {
    const path = '/api/v1/rules/timing';
    assert.equal((await fixture.api.send('POST', path)).status, 202);
    assert.equal((await fixture.api.send('POST', path)).status, 409);
  });

  it('says whether it drains to operators, and drains for administrators', async () => {
    const operator = await bearer('operator');
    const before = await fixture.api.get('/api/v1/drain', operator);
    assert.deepEqual(before.json, { draining: false, since: null, reason: '', deadline: null, sessions: 0 });
    assert.equal((await fixture.api.post('/api/v1/drain', { reason: 'x' }, operator)).status, 403);
    assert.equal((await fixture.api.post('/api/v1/drain', { reason: 'x' })).status, 202);
    assert.deepEqual(fixture.drained, ['x']);
  });

  it('reads everything anew for administrators, and says what stays as it was', async () => {
    const path = '/api/v1/reload';
    assert.equal((await fixture.api.send('POST', path, undefined, await bearer('operator'))).status, 403);
    const { status, json } = await fixture.api.send('POST', path);
    assert.equal(status, 200);
    assert.deepEqual(json, {
      items: [
        { name: 'rules', ok: true, problem: null },
        { name: 'configuration', ok: false, problem: 'line 3' },
      ],
    });
    assert.equal(fixture.reloaded.length, 1);
  });

  it('tells anybody whether the first user has still to be made, and nothing more', async () => {
    const setup = async () => (await fixture.api.get('/api/v1/setup', { authorization: null })).json;
    assert.deepEqual(await setup(), { needed: true, byToken: true });
    await fixture.api.post('/api/v1/users', {
      name: 'ann',
      password: 'a long password',
      role: 'administrator',
    });
    assert.deepEqual(await setup(), { needed: false, byToken: true });
  });
});
