import type { z } from 'zod';
import type { Identity } from '../../accounts/authenticator.ts';
import { principalOf } from '../actor.ts';
import { ApiError } from '../api-error.ts';
import type { ApiParts } from '../api-parts.ts';
import { jsonRoute, rawRoute, type Route } from '../route.ts';
import { loginBody, whoSchema } from '../schemas.ts';

const TAG = 'session';
const PATH = '/api/v1/session';

function who({ principal, csrf }: Identity): z.input<typeof whoSchema> {
  const { name, role, via } = principal;
  return { name, role, via, csrf };
}

/** Login of browsers, and who one is. */
export function sessionRoutes({ authenticator }: ApiParts): readonly Route[] {
  return [
    rawRoute({
      method: 'post',
      path: PATH,
      id: 'login',
      tag: TAG,
      summary: 'Log in; the answer sets a session cookie',
      access: 'anyone',
      body: { name: 'Login', schema: loginBody },
      answer: { kind: 'json', status: 200, name: 'Who', schema: whoSchema },
      handle: async ({ body }, { peer }) => {
        const { identity, cookie } = await authenticator.login(body.user, body.password, peer);
        return Response.json(whoSchema.parse(who(identity)), { headers: { 'set-cookie': cookie } });
      },
    }),
    jsonRoute({
      method: 'get',
      path: PATH,
      id: 'whoAmI',
      tag: TAG,
      summary: 'Who makes this call, and the token that changes have to carry',
      access: 'viewer',
      answer: { name: 'Who', schema: whoSchema },
      handle: (_, { request, peer }) => {
        const identity = authenticator.identify(request, peer);
        if (identity === undefined) throw new ApiError('unauthenticated', 'log in first');
        return who(identity);
      },
    }),
    rawRoute({
      method: 'delete',
      path: PATH,
      id: 'logout',
      tag: TAG,
      summary: 'End every session of this user',
      access: 'viewer',
      answer: { kind: 'empty' },
      handle: (_, call) => {
        const cookie = authenticator.logout(principalOf(call), call.peer);
        return new Response(null, { status: 204, headers: { 'set-cookie': cookie } });
      },
    }),
  ];
}
