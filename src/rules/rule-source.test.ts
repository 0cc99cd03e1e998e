import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { LOCALHOST } from '../../test/support/certificates.ts';
import { loadRules } from './rule-loader.ts';
import { RuleSource, type RuleSourceOptions } from './rule-source.ts';

const RULE = 'rule fetched { condition: false }\n';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The bytes that stand before the key itself in its DER form. */
const rawKey = (key: KeyObject): string =>
  key.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');

const refresh = async (one: RuleSource): Promise<boolean> => await one.refresh(new AbortController().signal);

describe('rule source', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const content = new Map<string, string | Buffer>();
  const asked: string[] = [];
  let server: Server;
  let port: number;
  let folder: string;
  let ca: string;
  let sources: RuleSource[] = [];

  before(async () => {
    server = createServer(LOCALHOST, ({ url = '', headers }, response) => {
      const body = content.get(url);
      asked.push(url);
      const etag = body === undefined ? '' : `"${sha256(String(body))}"`;
      if (body !== undefined && headers['if-none-match'] === etag) {
        response.writeHead(304).end();
      } else {
        response.writeHead(body === undefined ? 404 : 200, { etag }).end(body);
      }
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-source-'));
    ca = join(folder, 'ca.pem');
    await writeFile(ca, LOCALHOST.cert);
    content.clear();
    asked.length = 0;
  });
  afterEach(async () => {
    await Promise.all(sources.map(async (source) => await source.close()));
    sources = [];
    await rm(folder, { recursive: true });
  });

  function source(path: string, more: Partial<RuleSourceOptions> = {}): RuleSource {
    const url = `https://localhost:${port}${path}`;
    const made = new RuleSource({ name: 'mail', url, ca, folder: join(folder, 'sources'), ...more });
    sources.push(made);
    return made;
  }

  const signed = (): RuleSource => source('/set.json', { publicKey: rawKey(publicKey) });

  /** Serves a signed manifest of these files. */
  function publish(serial: number, files: Readonly<Record<string, string>>): void {
    const entries = Object.entries(files).map(([path, text]) => {
      content.set(`/${path}`, text);
      return { path, sha256: sha256(text), bytes: Buffer.byteLength(text) };
    });
    serve('/set.json', JSON.stringify({ version: 1, serial, files: entries }));
  }

  function serve(path: string, text: string): void {
    content.set(path, text);
    content.set(`${path}.sig`, sign(null, Buffer.from(text), privateKey).toString('base64'));
  }

  it('stages a signed set, and looks again without fetching it', async () => {
    publish(1, { 'office/a.yar': RULE, 'b.yar': 'rule b { condition: false }' });
    const one = signed();
    assert.equal(one.staged, undefined);
    assert.equal(await refresh(one), true);
    const { files } = await loadRules([one.staged ?? '']);
    assert.deepEqual(
      files.map(({ namespace }) => namespace),
      ['mail/b', 'mail/office/a'],
    );
    asked.length = 0;
    assert.equal(await refresh(one), false);
    assert.deepEqual(asked, ['/set.json']);
  });

  it('swaps to a newer set in one step and leaves nothing behind', async () => {
    publish(1, { 'a.yar': RULE });
    const one = signed();
    await refresh(one);
    publish(2, { 'c.yar': RULE });
    assert.equal(await refresh(one), true);
    assert.deepEqual(
      (await loadRules([one.staged ?? ''])).files.map(({ namespace }) => namespace),
      ['mail/c'],
    );
    assert.equal((await readdir(join(folder, 'sources', 'mail'))).length, 2);
  });

  it('keeps what is staged when the new set is not to be trusted', async () => {
    publish(2, { 'a.yar': RULE });
    const one = signed();
    await refresh(one);
    const refusals: readonly (readonly [RegExp, () => void])[] = [
      [/signature/, () => content.set('/set.json', `${String(content.get('/set.json'))} `)],
      [/answers 404/, () => (publish(3, { 'a.yar': 'x' }), content.delete('/set.json.sig'))],
      [/signature/, () => (publish(3, { 'a.yar': 'x' }), content.set('/set.json.sig', 'AAAA'))],
      [/another SHA-256/, () => (publish(3, { 'a.yar': 'x' }), content.set('/a.yar', 'y'))],
      [/larger than 1 bytes/, () => (publish(3, { 'a.yar': 'x' }), content.set('/a.yar', 'xy'))],
      [/is older/, () => publish(1, { 'a.yar': 'x' })],
      [/not a manifest/, () => publish(3, { '../a.yar': 'x' })],
      [/not a manifest/, () => publish(3, { 'a.exe': 'x' })],
      [/names a file twice/, () => publish(3, { 'a.yar': 'x', 'A.yar': 'x' })],
      [/not a manifest/, () => serve('/set.json', '{}')],
      [/answers 404/, () => content.delete('/set.json')],
    ];
    for (const [expected, spoil] of refusals) {
      spoil();
      await assert.rejects(refresh(one), expected);
      const file = join(one.staged ?? '', 'mail', 'a.yar');
      assert.equal(await readFile(file, 'utf8'), RULE, String(expected));
    }
  });

  it('takes one file of a pinned digest and nothing else', async () => {
    content.set('/one.yar', RULE);
    const one = source('/one.yar', { sha256: sha256(RULE) });
    assert.equal(await refresh(one), true);
    assert.equal((await loadRules([one.staged ?? ''])).files[0]?.namespace, 'mail/one');
    content.set('/one.yar', `${RULE} `);
    await assert.rejects(refresh(one), /another SHA-256/);
    const nobody = source('/one.yar', { name: 'nobody' });
    await assert.rejects(refresh(nobody), /nobody vouches/);
  });

  it('trusts only the authorities it is told to', async () => {
    content.set('/one.yar', RULE);
    const stranger = source('/one.yar', { sha256: sha256(RULE), ca: undefined });
    await assert.rejects(refresh(stranger), /cannot be fetched/);
  });

  it('can be given up', async () => {
    publish(1, { 'a.yar': RULE });
    await assert.rejects(signed().refresh(AbortSignal.abort()));
  });
});
