import type { z } from 'zod';
import { actorOf } from '../actor.ts';
import { ApiError } from '../api-error.ts';
import type { ApiParts } from '../api-parts.ts';
import { protectionSchema, switchBody, switchParams } from '../control-schemas.ts';
import { jsonRoute, type Route } from '../route.ts';

const PATH = '/api/v1/protection';
/** What is off for longer belongs into the configuration. */
const MAX_AHEAD_MS = 30 * 86_400_000;

const iso = (ms: number): string => new Date(ms).toISOString();

function shown({ protection, sessions }: ApiParts): z.input<typeof protectionSchema> {
  return {
    switches: protection.list().map(({ name, isOn, isConfiguredOn, change }) => ({
      name,
      isOn,
      isConfiguredOn,
      change:
        change === undefined
          ? null
          : {
              actor: change.actor,
              reason: change.reason,
              at: iso(change.at),
              until: change.until === undefined ? null : iso(change.until),
            },
    })),
    unscannedSessions: sessions.list().filter(({ isTunnel }) => isTunnel).length,
  };
}

function requireFuture(until: number | undefined, now: number): void {
  if (until === undefined || (until > now && until <= now + MAX_AHEAD_MS)) return;
  const message = 'has to be in the future, and at most 30 days ahead';
  throw new ApiError('bad-request', 'the body is not valid', { issues: [{ path: 'body.until', message }] });
}

/** The switches that decide whether mail is protected: everybody sees them, administrators change them. */
export function protectionRoutes(parts: ApiParts): readonly Route[] {
  const { protection, audit, clock } = parts;
  return [
    jsonRoute({
      method: 'get',
      path: PATH,
      id: 'getProtection',
      tag: 'protection',
      summary: 'What is scanned: master switch, mode, TLS filter, protocols',
      access: 'viewer',
      answer: { name: 'Protection', schema: protectionSchema },
      handle: () => shown(parts),
    }),
    jsonRoute({
      method: 'put',
      path: `${PATH}/{name}`,
      id: 'switchProtection',
      tag: 'protection',
      summary: 'Switch something on or off for new sessions; never outlives the process',
      access: 'administrator',
      params: switchParams,
      body: { name: 'SwitchRequest', schema: switchBody },
      answer: { name: 'Protection', schema: protectionSchema },
      handle: ({ params: { name }, body: { on, until, reason } }, call) => {
        requireFuture(until, clock.now());
        const actor = actorOf(call);
        const end = until === undefined ? 'until the next start' : `until ${iso(until).slice(0, 19)}Z`;
        const detail = `${on ? 'on' : 'off'} ${end}: ${reason}`;
        audit.append({ actor, action: 'protection-changed', object: name, detail });
        protection.set(name, { isOn: on, actor, reason, until });
        return shown(parts);
      },
    }),
  ];
}
