import { z } from 'zod';
import type { ApiParts } from '../api-parts.ts';
import { jsonRoute, type Route } from '../route.ts';
import {
  detectionQuery,
  detectionSchema,
  digest,
  fetchSchema,
  pageOf,
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

/** What was found, who got it, and what changed rules made of it. */
export function detectionRoutes(parts: ApiParts): readonly Route[] {
  return [...historyRoutes(parts), huntsRoute(parts)];
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
