import type { z } from 'zod';
import { actorOf } from '../actor.ts';
import { ApiError } from '../api-error.ts';
import type { ApiParts } from '../api-parts.ts';
import { deadAlertsSchema, letterParams, retriedSchema } from '../control-schemas.ts';
import type { DeadAlert } from '../../providers.ts';
import { jsonRoute, rawRoute, type Route } from '../route.ts';

const TAG = 'notifications';
const PATH = '/api/v1/notifications/dead-letters';

const missing = () => new ApiError('not-found', 'there is no such dead letter any more');

function shown({
  id,
  at,
  receiver,
  why,
  batch,
}: DeadAlert): z.input<typeof deadAlertsSchema>['items'][number] {
  const alerts = batch.alerts.map(({ sha256, severity, verdict, cause, rules, fetches }) => ({
    sha256,
    severity,
    verdict,
    cause,
    rules,
    fetches,
  }));
  return { id, at, receiver, why, delivery: batch.id, unlisted: batch.unlisted, alerts };
}

/** Alerts that did not arrive. */
export function alertRoutes({ alerts, audit }: ApiParts): readonly Route[] {
  return [
    jsonRoute({
      method: 'get',
      path: PATH,
      id: 'listDeadLetters',
      tag: TAG,
      summary: 'Alerts that did not arrive since the start, newest first',
      access: 'operator',
      answer: { name: 'DeadLetters', schema: deadAlertsSchema },
      handle: () => ({
        items: alerts.deadLetters.map(shown),
        total: alerts.deadLetterCount,
        waiting: alerts.waiting,
      }),
    }),
    jsonRoute({
      method: 'post',
      path: `${PATH}/{id}/retry`,
      id: 'retryDeadLetter',
      tag: TAG,
      summary: 'Try an alert once more, from the first attempt on',
      access: 'operator',
      params: letterParams,
      answer: { name: 'Retried', schema: retriedSchema, status: 202 },
      handle: ({ params: { id } }, call) => {
        if (!alerts.retry(id)) throw missing();
        audit.append({ actor: actorOf(call), action: 'alert-retried', object: id, detail: '' });
        return { waiting: alerts.waiting };
      },
    }),
    rawRoute({
      method: 'delete',
      path: `${PATH}/{id}`,
      id: 'discardDeadLetter',
      tag: TAG,
      summary: 'Forget an alert that did not arrive; the log keeps it',
      access: 'operator',
      params: letterParams,
      answer: { kind: 'empty' },
      handle: ({ params: { id } }, call) => {
        if (!alerts.discard(id)) throw missing();
        audit.append({ actor: actorOf(call), action: 'alert-discarded', object: id, detail: '' });
        return new Response(null, { status: 204 });
      },
    }),
  ];
}
