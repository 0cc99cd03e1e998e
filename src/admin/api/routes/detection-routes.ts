import { z } from 'zod';
import { actorOf } from '../actor.ts';
import { ApiError } from '../api-error.ts';
import type { ApiParts } from '../api-parts.ts';
import { jsonRoute, type Route } from '../route.ts';
import {
  detectionQuery,
  detectionSchema,
  digest,
  fetchSchema,
  pageOf,
  retroHuntBody,
  retroHuntSchema,
  retroHuntsQuery,
  statisticsQuery,
  statisticsSchema,
} from '../schemas.ts';

const TAG = 'detections';
const PATH = '/api/v1/detections';
const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
/** Fetches of one content that are listed; a mailing list reaches more, and then the newest are enough. */
const MAX_FETCHES = 1_000;

const digestParams = z.strictObject({ sha256: digest });
const reports = z.strictObject({ items: z.array(retroHuntSchema).readonly() });
const fetches = z.strictObject({ items: z.array(fetchSchema).readonly() });

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** What was found, who got it, and what of it is bad today. */
export function detectionRoutes(parts: ApiParts): readonly Route[] {
  return [...historyRoutes(parts), retroHuntRoute(parts), huntsRoute(parts)];
}

function historyRoutes({ history, clock }: ApiParts): readonly Route[] {
  return [
    jsonRoute({
      method: 'get',
      path: PATH,
      id: 'listDetections',
      tag: TAG,
      summary: 'Messages that were not clean, newest first',
      access: 'viewer',
      query: detectionQuery,
      answer: { name: 'DetectionPage', schema: pageOf(detectionSchema) },
      handle: ({ query }) => history.search(query),
    }),
    jsonRoute({
      method: 'get',
      path: '/api/v1/contents/{sha256}/fetches',
      id: 'listFetches',
      tag: TAG,
      summary: 'Who got this content and when, newest first',
      access: 'operator',
      params: digestParams,
      answer: { name: 'Fetches', schema: fetches },
      handle: ({ params }) => ({ items: history.fetchesOf(params.sha256, MAX_FETCHES) }),
    }),
    jsonRoute({
      method: 'get',
      path: '/api/v1/statistics',
      id: 'getStatistics',
      tag: TAG,
      summary: 'Scanned, infected, neutralised, unscanned by cause, for each day (UTC)',
      access: 'viewer',
      query: statisticsQuery,
      answer: { name: 'Statistics', schema: statisticsSchema },
      handle: ({ query }) => {
        const now = clock.now();
        const { from = dayOf(now - (DEFAULT_DAYS - 1) * DAY_MS), to = dayOf(now) } = query;
        return history.statistics(from, to);
      },
    }),
  ];
}

function huntsRoute({ hunts }: ApiParts): Route {
  return jsonRoute({
    method: 'get',
    path: `${PATH}/retro-hunts`,
    id: 'listRetroHunts',
    tag: TAG,
    summary: 'Reports of the retro-hunts that followed a change of the rules, newest first',
    access: 'operator',
    query: retroHuntsQuery,
    answer: { name: 'RetroHuntReports', schema: reports },
    handle: ({ query }) => ({ items: hunts(query.limit) }),
  });
}

function retroHuntRoute({ retroHunt, audit }: ApiParts): Route {
  let isRunning = false;
  return jsonRoute({
    method: 'post',
    path: `${PATH}/retro-hunt`,
    id: 'retroHunt',
    tag: TAG,
    summary: 'Judge again what was seen in the last days, and say who fetched what is bad today',
    access: 'operator',
    body: { name: 'RetroHuntRequest', schema: retroHuntBody },
    answer: { name: 'RetroHuntReport', schema: retroHuntSchema },
    handle: async ({ body: { days } }, call) => {
      // It reads every original, so two at a time would only take each other's workers.
      if (isRunning) throw new ApiError('conflict', 'a retro-hunt is running');
      isRunning = true;
      try {
        audit.append({
          actor: actorOf(call),
          action: 'retro-hunt',
          object: `${days} days`,
          detail: '',
        });
        return await retroHunt.run(days, call.request.signal);
      } finally {
        isRunning = false;
      }
    },
  });
}
