import type { ApiParts } from '../api-parts.ts';
import { configurationSchema, setupSchema } from '../control-schemas.ts';
import { jsonRoute, type Route } from '../route.ts';

/** What the process runs with, and whether anybody can log in yet. */
export function configurationRoutes({ configuration, accounts, authenticator }: ApiParts): readonly Route[] {
  return [
    jsonRoute({
      method: 'get',
      path: '/api/v1/configuration',
      id: 'getConfiguration',
      tag: 'configuration',
      summary: 'Every setting with its value and where it comes from; secrets are masked',
      access: 'operator',
      answer: { name: 'Configuration', schema: configurationSchema },
      handle: () => {
        const { file, loadedAt, warnings, settings } = configuration;
        return { file, loadedAt, warnings, settings };
      },
    }),
    jsonRoute({
      method: 'get',
      path: '/api/v1/setup',
      id: 'getSetup',
      tag: 'session',
      summary: 'Whether the first user has still to be made',
      access: 'anyone',
      answer: { name: 'Setup', schema: setupSchema },
      handle: () => ({
        needed: accounts.users().length === 0,
        byToken: authenticator.takesEnvironmentToken,
      }),
    }),
  ];
}
