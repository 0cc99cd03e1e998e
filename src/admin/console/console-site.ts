import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { Hono } from 'hono';
import type { WebHandler } from '../admin-server.ts';

/** Built by `npm run console` and committed. */
const BUNDLE = join(import.meta.dirname, 'dist');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Nothing inline, nothing from elsewhere, nobody's frame. Trusted types without a policy: a text can never become
 * markup, not even by mistake.
 */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** The pages of the console, from memory. Only what is in the bundle is served, by its exact name. */
export function createConsoleSite(): WebHandler {
  const app = new Hono({ strict: true });
  for (const name of readdirSync(BUNDLE)) {
    const type = TYPES[extname(name)];
    if (type !== undefined) serveFile(app, name === 'index.html' ? '/' : `/${name}`, name, type);
  }
  app.notFound(() => Response.json({ error: 'there is no such page; the console is at /' }, { status: 404 }));
  return async (request) => {
    const response = await app.fetch(request);
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.headers.set(name, value);
    return response;
  };
}

function serveFile(app: Hono, path: string, name: string, type: string): void {
  const bytes = new Uint8Array(readFileSync(join(BUNDLE, name)));
  const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
  // Asked for each time and seldom sent: a new version is never mixed with an old one.
  const headers = { 'content-type': type, 'cache-control': 'no-cache', etag };
  app.get(path, (context) =>
    context.req.header('if-none-match') === etag
      ? new Response(null, { status: 304, headers })
      : new Response(bytes, { headers }),
  );
  app.all(path, () => Response.json({ error: 'only GET' }, { status: 405, headers: { allow: 'GET, HEAD' } }));
}
