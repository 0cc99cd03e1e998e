import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { MessageBytes } from '../../../scan/scanner.ts';
import { actorOf, principalOf } from '../actor.ts';
import { ApiError } from '../api-error.ts';
import type { ApiParts } from '../api-parts.ts';
import { eventStream } from '../event-stream.ts';
import { jsonRoute, rawRoute, type Route, uploadRoute } from '../route.ts';
import { scanAnswer } from '../scan-answer.ts';
import { drainBody, drainSchema, reloadSchema } from '../control-schemas.ts';
import { scanSchema } from '../schemas.ts';
import {
  exclusionSchema,
  measuringSchema,
  rulesSchema,
  sessionSchema,
  statusSchema,
} from '../status-schemas.ts';

const items = <T extends z.ZodType>(schema: T) => z.strictObject({ items: z.array(schema).readonly() });
const sessionParams = z.strictObject({ id: z.string().regex(/^[\w.:-]{1,100}$/u) });

function viewRoutes({ status, rules, exclusions, events, clock }: ApiParts): readonly Route[] {
  return [
    jsonRoute({
      method: 'get',
      path: '/api/v1/status',
      id: 'getStatus',
      tag: 'status',
      summary: 'Green, yellow or red, with reasons and remedies',
      access: 'viewer',
      answer: { name: 'Status', schema: statusSchema },
      handle: () => status.status(),
    }),
    jsonRoute({
      method: 'get',
      path: '/api/v1/rules',
      id: 'getRules',
      tag: 'rules',
      summary: 'The rule set that judges',
      access: 'viewer',
      answer: { name: 'RuleSet', schema: rulesSchema },
      handle: () => ({ ...rules.rules(), timing: rules.timing }),
    }),
    jsonRoute({
      method: 'post',
      path: '/api/v1/rules/timing',
      id: 'measureRules',
      tag: 'rules',
      summary: 'Measure how long each rule takes by itself, in a thread of its own',
      access: 'operator',
      answer: { name: 'Measuring', schema: measuringSchema, status: 202 },
      handle: () => {
        if (!rules.measure()) throw new ApiError('conflict', 'the rules are being measured');
        return { state: 'running' } as const;
      },
    }),
    jsonRoute({
      method: 'get',
      path: '/api/v1/exclusions',
      id: 'listExclusions',
      tag: 'exclusions',
      summary: 'What is not scanned, by whose decision and until when',
      access: 'viewer',
      answer: { name: 'Exclusions', schema: items(exclusionSchema) },
      handle: () => ({ items: exclusions.list() }),
    }),
    rawRoute({
      method: 'get',
      path: '/api/v1/events',
      id: 'watchEvents',
      tag: 'status',
      summary: 'Detections and changes of the status as they happen (server-sent events)',
      access: 'viewer',
      answer: { kind: 'events' },
      handle: (_, { request }) => eventStream(events, clock, request.signal),
    }),
  ];
}

function sessionRoutes({ sessions, audit, drain }: ApiParts): readonly Route[] {
  const drainState = () => ({ ...drain.state, sessions: sessions.list().length });
  return [
    jsonRoute({
      method: 'get',
      path: '/api/v1/sessions',
      id: 'listSessions',
      tag: 'sessions',
      summary: 'Mail sessions that are open now',
      access: 'operator',
      answer: { name: 'Sessions', schema: items(sessionSchema) },
      handle: () => ({ items: sessions.list() }),
    }),
    rawRoute({
      method: 'delete',
      path: '/api/v1/sessions/{id}',
      id: 'kickSession',
      tag: 'sessions',
      summary: 'End one mail session at its next command',
      access: 'operator',
      params: sessionParams,
      answer: { kind: 'empty' },
      handle: ({ params: { id } }, call) => {
        if (!sessions.kick(id)) throw new ApiError('not-found', 'there is no such session');
        audit.append({ actor: actorOf(call), action: 'session-kicked', object: id, detail: '' });
        return new Response(null, { status: 204 });
      },
    }),
    jsonRoute({
      method: 'post',
      path: '/api/v1/drain',
      id: 'drain',
      tag: 'sessions',
      summary: 'Accept no more sessions and end those that are open; the process goes on until it is stopped',
      access: 'administrator',
      body: { name: 'DrainRequest', schema: drainBody },
      answer: { name: 'Draining', schema: drainSchema, status: 202 },
      handle: ({ body: { reason } }, call) => {
        audit.append({ actor: actorOf(call), action: 'drain', object: 'gateway', detail: reason });
        drain.drain(reason);
        return drainState();
      },
    }),
    jsonRoute({
      method: 'get',
      path: '/api/v1/drain',
      id: 'getDrain',
      tag: 'sessions',
      summary: 'Whether the gateway drains, and how many sessions are left',
      access: 'operator',
      answer: { name: 'Draining', schema: drainSchema },
      handle: drainState,
    }),
  ];
}

function reloadRoute({ reload, audit }: ApiParts): Route {
  return jsonRoute({
    method: 'post',
    path: '/api/v1/reload',
    id: 'reload',
    tag: 'configuration',
    summary: 'Read rules, certificates, exclusions, policies and notices anew, as SIGHUP does',
    access: 'administrator',
    answer: { name: 'Reloaded', schema: reloadSchema },
    handle: async (_, call) => {
      audit.append({ actor: actorOf(call), action: 'reload', object: 'gateway', detail: '' });
      const parts = await reload.reload('an administrator asked');
      return { items: parts.map(({ name, ok, problem = null }) => ({ name, ok, problem })) };
    },
  });
}

function inSharedMemory(bytes: Uint8Array): MessageBytes {
  const buffer = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(buffer).set(bytes);
  return { kind: 'memory', buffer, byteLength: bytes.byteLength };
}

function scanRoute({ scanner, maxScanBytes }: ApiParts): Route {
  return uploadRoute({
    method: 'post',
    path: '/api/v1/scan',
    id: 'scan',
    tag: 'scan',
    summary: 'Judge one message (RFC 5322) as the gateway would; nothing is kept of it',
    access: 'operator',
    body: { type: 'message/rfc822', maxBytes: maxScanBytes },
    answer: { name: 'ScanResult', schema: scanSchema },
    handle: async (bytes, call) => {
      const report = await scanner.scan(
        {
          id: `api-${randomUUID()}`,
          subject: 'message',
          message: inSharedMemory(bytes),
          lane: 'bulk',
          user: principalOf(call).actor,
        },
        call.request.signal,
      );
      return scanAnswer('-', report);
    },
  });
}

/** How the gateway is, and what it can be told. */
export function operationRoutes(parts: ApiParts): readonly Route[] {
  return [...viewRoutes(parts), ...sessionRoutes(parts), reloadRoute(parts), scanRoute(parts)];
}
