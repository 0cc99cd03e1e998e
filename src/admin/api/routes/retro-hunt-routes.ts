import { RetroHuntDesk } from '../../retro-hunt-desk.ts';
import { actorOf } from '../actor.ts';
import { ApiError } from '../api-error.ts';
import type { ApiParts } from '../api-parts.ts';
import { jsonRoute, rawRoute, type Route } from '../route.ts';
import { retroHuntBody, retroHuntStateSchema } from '../schemas.ts';

const PATH = '/api/v1/retro-hunt';
const TAG = 'detections';

/** Judge again what was seen in the last days, and say who fetched what is bad today. */
export function retroHuntRoutes({ retroHunt, quarantine, audit, clock, log }: ApiParts): readonly Route[] {
  const desk = new RetroHuntDesk(retroHunt, clock, log);
  const answer = { name: 'RetroHunt', schema: retroHuntStateSchema } as const;
  const state = async () => ({ ...desk.state, originals: (await quarantine.usage()).objects });
  return [
    jsonRoute({
      method: 'get',
      path: PATH,
      id: 'getRetroHunt',
      tag: TAG,
      summary: 'How far the retro-hunt is, and the newest report: who fetched what is bad today',
      access: 'operator',
      answer,
      handle: state,
    }),
    jsonRoute({
      method: 'post',
      path: PATH,
      id: 'startRetroHunt',
      tag: TAG,
      summary: 'Judge again what was seen in the last days; one at a time',
      access: 'operator',
      body: { name: 'RetroHuntRequest', schema: retroHuntBody },
      answer: { ...answer, status: 202 },
      handle: ({ body: { days } }, call) => {
        if (desk.state.state === 'running') throw new ApiError('conflict', 'a retro-hunt is running');
        const actor = actorOf(call);
        audit.append({ actor, action: 'retro-hunt', object: `${days} days`, detail: '' });
        desk.start(days, actor);
        return state();
      },
    }),
    rawRoute({
      method: 'delete',
      path: PATH,
      id: 'stopRetroHunt',
      tag: TAG,
      summary: 'Stop the retro-hunt that runs',
      access: 'operator',
      answer: { kind: 'empty' },
      handle: () => {
        if (!desk.stop()) throw new ApiError('not-found', 'no retro-hunt is running');
        return new Response(null, { status: 204 });
      },
    }),
  ];
}
