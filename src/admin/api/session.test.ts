import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { ApiFixture } from '../../../test/support/api-fixture.ts';

const PASSWORD = 'correct horse battery';
const fixture = new ApiFixture();
after(() => fixture.close());

const NO_TOKEN = { authorization: null };

async function login(user = 'ann', password = PASSWORD) {
  const answer = await fixture.api.post('/api/v1/session', { user, password }, NO_TOKEN);
  const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';', 1);
  return { answer, session: { ...NO_TOKEN, cookie }, csrf: String(answer.json['csrf']) };
}

async function person(name: string, role: 'viewer' | 'operator' | 'administrator'): Promise<void> {
  await fixture.api.post('/api/v1/users', { name, password: PASSWORD, role });
}

const body = (value: object) => Buffer.from(JSON.stringify(value));

async function attempt(user: string, password = 'wrong password') {
  return (await login(user, password)).answer;
}

describe('login', () => {
  it('gives a cookie that scripts and other sites cannot use', async () => {
    await person('ann', 'operator');
    const { answer, session } = await login();
    assert.equal(answer.status, 200);
    const cookie = answer.headers.get('set-cookie') ?? '';
    for (const word of ['HttpOnly', 'SameSite=Strict', 'Path=/', 'Max-Age=43200'])
      assert.ok(cookie.includes(word));
    const who = await fixture.api.get('/api/v1/session', session);
    assert.deepEqual(who.json, { name: 'ann', role: 'operator', via: 'cookie', csrf: answer.json['csrf'] });
    assert.equal((await fixture.api.get('/api/v1/quarantine', session)).status, 200);
    assert.equal((await fixture.api.get('/api/v1/users', session)).status, 403);
  });

  it('lets nothing be changed without the token of the page', async () => {
    await person('bert', 'administrator');
    const { session, csrf } = await login('bert');
    const add = (headers: object) =>
      fixture.api.post('/api/v1/tokens', { name: 'x', role: 'viewer' }, { ...session, ...headers });
    assert.equal((await add({})).status, 403);
    assert.equal((await add({ 'x-postern-csrf': `${csrf}x` })).status, 403);
    assert.equal((await add({ 'x-postern-csrf': csrf })).status, 201);
  });

  it('takes no cookie that was changed, made up or is too old', async () => {
    await person('cleo', 'viewer');
    const { session } = await login('cleo');
    const status = async (cookie: string) =>
      (await fixture.api.get('/api/v1/status', { ...NO_TOKEN, cookie })).status;
    assert.equal(await status(session.cookie), 200);
    for (const bad of [
      `${session.cookie}A`,
      session.cookie.replace('=', '=A'),
      'postern_session=a.b',
      'x=y',
    ]) {
      assert.equal(await status(bad), 401, bad);
    }
    fixture.clock.advance(12 * 3_600_000);
    assert.equal(await status(session.cookie), 401);
  });

  it('ends with logout, another password, another role or the account', async () => {
    await person('dora', 'viewer');
    const path = '/api/v1/users/dora';
    const json = { 'content-type': 'application/json' };
    const password = 'another long password';
    const ends: ((session: object, csrf: string) => Promise<{ status: number }>)[] = [
      (session, csrf) =>
        fixture.api.send('DELETE', '/api/v1/session', undefined, { ...session, 'x-postern-csrf': csrf }),
      () => fixture.api.send('PUT', path, body({ role: 'operator' }), json),
      () => fixture.api.send('PUT', path, body({ password }), json),
    ];
    for (const end of ends) {
      const { session, csrf } = await login('dora');
      assert.equal((await fixture.api.get('/api/v1/status', session)).status, 200);
      assert.ok((await end(session, csrf)).status < 300);
      assert.equal((await fixture.api.get('/api/v1/status', session)).status, 401);
    }
    const { session } = await login('dora', password);
    assert.equal((await fixture.api.send('DELETE', path)).status, 204);
    assert.equal((await fixture.api.get('/api/v1/status', session)).status, 401);
  });

  it('makes guessing slow, for a user and for an address, and tells nobody who exists', async () => {
    await person('emil', 'viewer');
    fixture.api.address = '198.51.100.1';
    for (const user of ['emil', 'nobody', 'emil']) assert.equal((await attempt(user)).status, 401);
    assert.equal((await attempt('emil')).status, 401);
    const refused = await attempt('emil', PASSWORD);
    assert.equal(refused.status, 429);
    assert.equal(refused.headers.get('retry-after'), '1');
    fixture.api.address = '198.51.100.2';
    assert.equal((await attempt('ann', PASSWORD)).status, 200);
    fixture.clock.advance(1_000);
    assert.equal((await attempt('emil', PASSWORD)).status, 200);
  });

  it('slows down guessed tokens, and never a right one', async () => {
    fixture.api.address = '198.51.100.3';
    const guess = async () =>
      (await fixture.api.get('/api/v1/status', { authorization: 'Bearer guessed' })).status;
    assert.deepEqual(
      [await guess(), await guess(), await guess(), await guess(), await guess()],
      [401, 401, 401, 401, 429],
    );
    assert.equal((await fixture.api.get('/api/v1/status')).status, 200);
  });

  it('keeps the last administrator', async () => {
    const own = new ApiFixture();
    await own.api.post('/api/v1/users', { name: 'only', password: PASSWORD, role: 'administrator' });
    const role = Buffer.from('{"role":"viewer"}');
    const json = { 'content-type': 'application/json' };
    assert.equal((await own.api.send('PUT', '/api/v1/users/only', role, json)).status, 409);
    assert.equal((await own.api.send('DELETE', '/api/v1/users/only')).status, 409);
    own.close();
  });

  it('keeps no password and no token in clear, and audits', async () => {
    fixture.api.address = '198.51.100.4';
    const made = await fixture.api.post('/api/v1/tokens', { name: 'exchange', role: 'operator' });
    const token = String(made.json['token']);
    assert.match(token, /^postern_[\w-]{43}$/u);
    const bearer = { authorization: `Bearer ${token}` };
    assert.equal((await fixture.api.get('/api/v1/session', bearer)).json['name'], 'exchange');
    assert.ok(!JSON.stringify((await fixture.api.get('/api/v1/tokens')).json).includes(token));
    assert.equal((await fixture.api.send('DELETE', '/api/v1/tokens/exchange')).status, 204);
    assert.equal((await fixture.api.get('/api/v1/session', bearer)).status, 401);
    const text = JSON.stringify(fixture.audit.entries);
    for (const word of ['token-made', 'login-failed', 'user-added', 'logout'])
      assert.ok(text.includes(word), word);
    for (const secret of [token, PASSWORD, 'wrong password']) assert.ok(!text.includes(secret));
  });
});
