import { z } from 'zod';
import { actorOf } from '../actor.ts';
import { ApiError } from '../api-error.ts';
import type { ApiParts } from '../api-parts.ts';
import { jsonRoute, rawRoute, type Route } from '../route.ts';
import {
  auditSchema,
  newTokenSchema,
  pageOf,
  pageQuery,
  tokenBody,
  tokenSchema,
  userBody,
  userChangeBody,
  userSchema,
} from '../schemas.ts';

const nameParams = z.strictObject({ name: z.string().min(1).max(64) });
const users = z.strictObject({ items: z.array(userSchema).readonly() });
const tokens = z.strictObject({ items: z.array(tokenSchema).readonly() });
const EMPTY = { kind: 'empty' } as const;

const found = <T>(value: T | undefined, what: string): T => {
  if (value === undefined) throw new ApiError('not-found', `there is no such ${what}`);
  return value;
};

const done = (): Response => new Response(null, { status: 204 });

/** An installation that nobody can administer any more would need the command line. */
function keepOneAdministrator({ accounts }: ApiParts, name: string): void {
  const others = accounts.users().filter((user) => user.name !== name);
  const isLast = accounts.users().some((user) => user.name === name && user.role === 'administrator');
  if (isLast && !others.some((user) => user.role === 'administrator')) {
    throw new ApiError('conflict', 'this is the last administrator');
  }
}

const HEAD = { tag: 'accounts', access: 'administrator' } as const;

function addingRoutes({ accounts, audit }: ApiParts): readonly Route[] {
  return [
    jsonRoute({
      ...HEAD,
      method: 'get',
      path: '/api/v1/users',
      id: 'listUsers',
      summary: 'Who may log in',
      answer: { name: 'Users', schema: users },
      handle: () => ({ items: accounts.users() }),
    }),
    jsonRoute({
      ...HEAD,
      method: 'post',
      path: '/api/v1/users',
      id: 'addUser',
      summary: 'Let somebody log in',
      body: { name: 'NewUser', schema: userBody },
      answer: { name: 'User', schema: userSchema, status: 201 },
      handle: async ({ body: { name, password, role } }, call) => {
        if (!(await accounts.addUser(name, password, role))) {
          throw new ApiError('conflict', 'there is such a user already');
        }
        audit.append({ actor: actorOf(call), action: 'user-added', object: name, detail: role });
        return found(
          accounts.users().find((user) => user.name === name),
          'user',
        );
      },
    }),
  ];
}

function changingRoutes(parts: ApiParts): readonly Route[] {
  const { accounts, audit } = parts;
  return [
    jsonRoute({
      ...HEAD,
      method: 'put',
      path: '/api/v1/users/{name}',
      id: 'changeUser',
      summary: 'Give a user another password or role; ends his sessions',
      params: nameParams,
      body: { name: 'UserChange', schema: userChangeBody },
      answer: { name: 'User', schema: userSchema },
      handle: async ({ params: { name }, body }, call) => {
        if (body.role !== undefined && body.role !== 'administrator') keepOneAdministrator(parts, name);
        const user = found(await accounts.changeUser(name, body), 'user');
        const detail = Object.keys(body).join(', ');
        audit.append({ actor: actorOf(call), action: 'user-changed', object: name, detail });
        return user;
      },
    }),
    rawRoute({
      ...HEAD,
      method: 'delete',
      path: '/api/v1/users/{name}',
      id: 'removeUser',
      summary: 'Let a user log in no more',
      params: nameParams,
      answer: EMPTY,
      handle: ({ params: { name } }, call) => {
        keepOneAdministrator(parts, name);
        found(accounts.removeUser(name) ? name : undefined, 'user');
        audit.append({ actor: actorOf(call), action: 'user-removed', object: name, detail: '' });
        return done();
      },
    }),
  ];
}

function tokenRoutes({ accounts, audit }: ApiParts): readonly Route[] {
  return [
    jsonRoute({
      ...HEAD,
      method: 'get',
      path: '/api/v1/tokens',
      id: 'listTokens',
      summary: 'Programs that may call this API',
      answer: { name: 'Tokens', schema: tokens },
      handle: () => ({ items: accounts.tokens() }),
    }),
    jsonRoute({
      ...HEAD,
      method: 'post',
      path: '/api/v1/tokens',
      id: 'makeToken',
      summary: 'Make a token; it is shown once',
      body: { name: 'TokenRequest', schema: tokenBody },
      answer: { name: 'NewToken', schema: newTokenSchema, status: 201 },
      handle: ({ body: { name, role } }, call) => {
        const token = accounts.addToken(name, role);
        if (token === undefined) throw new ApiError('conflict', 'there is such a token already');
        audit.append({ actor: actorOf(call), action: 'token-made', object: name, detail: role });
        const record = found(
          accounts.tokens().find((one) => one.name === name),
          'token',
        );
        return { ...record, token };
      },
    }),
    rawRoute({
      ...HEAD,
      method: 'delete',
      path: '/api/v1/tokens/{name}',
      id: 'removeToken',
      summary: 'Make a token invalid',
      params: nameParams,
      answer: EMPTY,
      handle: ({ params: { name } }, call) => {
        found(accounts.removeToken(name) ? name : undefined, 'token');
        audit.append({ actor: actorOf(call), action: 'token-removed', object: name, detail: '' });
        return done();
      },
    }),
  ];
}

/** Users, tokens and what administrators did. */
export function accountRoutes(parts: ApiParts): readonly Route[] {
  const auditTrail = jsonRoute({
    method: 'get',
    path: '/api/v1/audit',
    id: 'listAudit',
    tag: 'accounts',
    summary: 'What administrators did, newest first',
    access: 'administrator',
    query: pageQuery,
    answer: { name: 'AuditPage', schema: pageOf(auditSchema) },
    handle: ({ query }) => parts.audit.list(query),
  });
  return [...addingRoutes(parts), ...changingRoutes(parts), ...tokenRoutes(parts), auditTrail];
}
