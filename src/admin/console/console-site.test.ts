import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bundledDigest, sourcesDigest } from '../../../tools/build-console.ts';
import { createConsoleSite } from './console-site.ts';

const site = createConsoleSite();
const PEER = { address: '127.0.0.1', isSecure: false };

function get(path: string, init: RequestInit = {}): Promise<Response> {
  return site(new Request(`http://gateway.test${path}`, init), PEER);
}

describe('the site of the console', () => {
  it('is built from the sources beside it (npm run console)', () => {
    assert.equal(bundledDigest(), sourcesDigest());
  });

  it('serves the page and everything that the page asks for, and that from nowhere else', async () => {
    const page = await (await get('/')).text();
    const references = [...page.matchAll(/(?:src|href)="(?<to>[^"]+)"/gu)].map((match) => match[1] ?? '');
    assert.ok(references.length >= 3, page);
    for (const reference of references) {
      assert.match(reference, /^\/[\w.-]+$/u);
      assert.equal((await get(reference)).status, 200, reference);
    }
    assert.doesNotMatch(page, /<script(?![^>]*\bsrc=)|<style|\son\w+=|style=/u, 'nothing inline');
  });

  it('lets a page run its own scripts only, on every answer', async () => {
    for (const path of ['/', '/console.js', '/nothing']) {
      const policy = (await get(path)).headers.get('content-security-policy') ?? '';
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/u);
      assert.match(policy, /frame-ancestors 'none'/u);
      assert.doesNotMatch(policy, /unsafe|\*|data:|https?:/u);
    }
  });

  it('answers 304 for what the browser has already, and 404 for what is not in the bundle', async () => {
    const etag = (await get('/console.js')).headers.get('etag') ?? '';
    assert.equal((await get('/console.js', { headers: { 'if-none-match': etag } })).status, 304);
    assert.equal((await get('/console.js', { headers: { 'if-none-match': '"x"' } })).status, 200);
    for (const path of ['/sources.sha256', '/index.html', '/..%2fconsole-site.ts', '/dist/console.js']) {
      assert.equal((await get(path)).status, 404, path);
    }
  });

  it('takes nothing but GET and HEAD', async () => {
    assert.equal((await get('/', { method: 'HEAD' })).status, 200);
    const refused = await get('/', { method: 'POST' });
    assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'GET, HEAD']);
  });
});
