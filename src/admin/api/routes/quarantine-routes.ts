import { z } from 'zod';
import type { QuarantineItem } from '../../../quarantine/quarantine-archive.ts';
import { mayAct } from '../../accounts/principal.ts';
import { actorOf, principalOf } from '../actor.ts';
import { ApiError } from '../api-error.ts';
import type { ApiParts } from '../api-parts.ts';
import { type Call, jsonRoute, rawRoute, type Route } from '../route.ts';
import {
  digest,
  exportBody,
  pageOf,
  previewSchema,
  quarantineItemSchema,
  quarantineQuery,
  releaseBody,
  releaseChangeSchema,
  releaseChangesQuery,
  releaseQuery,
  releaseSchema,
} from '../schemas.ts';

const TAG = 'quarantine';
const PATH = '/api/v1/quarantine';
const idParams = z.strictObject({ id: digest });
const releaseParams = z.strictObject({ id: z.string().regex(/^[\w-]{1,64}$/u) });

function shown(item: QuarantineItem): z.input<typeof quarantineItemSchema> {
  const { verdict, sha256: _, ...rest } = item;
  return {
    ...rest,
    verdict: verdict.kind,
    cause: verdict.kind === 'unscannable' ? verdict.cause : '',
    findings: 'findings' in verdict ? verdict.findings : [],
  };
}

async function itemOf({ quarantine }: ApiParts, id: string): Promise<QuarantineItem> {
  const item = await quarantine.get(id);
  if (item === undefined) throw new ApiError('not-found', 'there is no such original in the quarantine');
  return item;
}

/** A person who may not administer must not let malware through. */
function requireMayRelease({ verdict }: QuarantineItem, call: Call): void {
  const findings = 'findings' in verdict ? verdict.findings : [];
  const isMalware = verdict.kind === 'malicious' || findings.some((finding) => finding.class === 'malicious');
  if (isMalware && !mayAct(principalOf(call).role, 'administrator')) {
    throw new ApiError('forbidden', 'only administrators release malware');
  }
}

function readingRoutes(parts: ApiParts): readonly Route[] {
  const { quarantine, previewer, audit } = parts;
  return [
    jsonRoute({
      method: 'get',
      path: PATH,
      id: 'listQuarantine',
      tag: TAG,
      summary: 'Originals that were kept, newest first',
      access: 'operator',
      query: quarantineQuery,
      answer: { name: 'QuarantinePage', schema: pageOf(quarantineItemSchema) },
      handle: async ({ query }) => {
        const page = await quarantine.search(query);
        return { items: page.items.map(shown), next: page.next };
      },
    }),
    jsonRoute({
      method: 'get',
      path: `${PATH}/{id}`,
      id: 'getQuarantined',
      tag: TAG,
      summary: 'One original: what is known of it',
      access: 'operator',
      params: idParams,
      answer: { name: 'QuarantineItem', schema: quarantineItemSchema },
      handle: async ({ params: { id } }) => shown(await itemOf(parts, id)),
    }),
    jsonRoute({
      method: 'get',
      path: `${PATH}/{id}/preview`,
      id: 'previewQuarantined',
      tag: TAG,
      summary: 'Header fields and beginning of the text; never markup, never an attachment',
      access: 'operator',
      params: idParams,
      answer: { name: 'Preview', schema: previewSchema },
      handle: async ({ params: { id } }, call) => {
        await itemOf(parts, id);
        audit.append({ actor: actorOf(call), action: 'preview', object: id, detail: '' });
        return previewer.preview(await quarantine.read(id));
      },
    }),
  ];
}

function exportRoute(parts: ApiParts): Route {
  const { quarantine, audit, zip } = parts;
  return rawRoute({
    method: 'post',
    path: `${PATH}/{id}/export`,
    id: 'exportQuarantined',
    tag: TAG,
    summary: 'The original as a zip with a password, or as it came',
    access: 'administrator',
    params: idParams,
    body: { name: 'Export', schema: exportBody },
    answer: { kind: 'bytes', types: ['application/zip', 'application/octet-stream'] },
    handle: async ({ params: { id }, body: { format, password } }, call) => {
      await itemOf(parts, id);
      const content = await quarantine.read(id);
      audit.append({ actor: actorOf(call), action: 'export', object: id, detail: format });
      const [bytes, type, extension] =
        format === 'zip'
          ? [await zip(`${id}.eml`, content, password), 'application/zip', 'zip']
          : [content, 'application/octet-stream', 'eml'];
      return new Response(new Uint8Array(bytes), {
        headers: {
          'content-type': type,
          'content-disposition': `attachment; filename="${id}.${extension}"`,
        },
      });
    },
  });
}

function changingRoutes(parts: ApiParts): readonly Route[] {
  const { quarantine, audit, releases } = parts;
  return [
    jsonRoute({
      method: 'post',
      path: `${PATH}/{id}/release`,
      id: 'releaseQuarantined',
      tag: TAG,
      summary: 'Allow this content, for one user or for everybody, until it is withdrawn',
      access: 'operator',
      params: idParams,
      body: { name: 'ReleaseRequest', schema: releaseBody },
      answer: { name: 'Release', schema: releaseSchema, status: 201 },
      handle: async ({ params: { id }, body }, call) => {
        requireMayRelease(await itemOf(parts, id), call);
        return releases.release({ ...body, sha256: id, actor: actorOf(call) });
      },
    }),
    rawRoute({
      method: 'delete',
      path: `${PATH}/{id}`,
      id: 'deleteQuarantined',
      tag: TAG,
      summary: 'Delete an original for ever',
      access: 'administrator',
      params: idParams,
      answer: { kind: 'empty' },
      handle: async ({ params: { id } }, call) => {
        await itemOf(parts, id);
        audit.append({ actor: actorOf(call), action: 'delete', object: id, detail: '' });
        await quarantine.remove(id);
        return new Response(null, { status: 204 });
      },
    }),
  ];
}

function releaseRoutes({ releases }: ApiParts): readonly Route[] {
  return [
    jsonRoute({
      method: 'get',
      path: '/api/v1/releases',
      id: 'listReleases',
      tag: TAG,
      summary: 'Releases that hold, newest first; all=true: withdrawn ones as well',
      access: 'operator',
      query: releaseQuery,
      answer: { name: 'ReleasePage', schema: pageOf(releaseSchema) },
      handle: ({ query }) => releases.list(query),
    }),
    jsonRoute({
      method: 'get',
      path: '/api/v1/releases/changes',
      id: 'listReleaseChanges',
      tag: TAG,
      summary: 'Releases that were made or withdrawn, in the order of change: what other gateways ask for',
      access: 'operator',
      query: releaseChangesQuery,
      answer: { name: 'ReleaseChangePage', schema: pageOf(releaseChangeSchema) },
      handle: ({ query }) => releases.changes(query),
    }),
    jsonRoute({
      method: 'delete',
      path: '/api/v1/releases/{id}',
      id: 'withdrawRelease',
      tag: TAG,
      summary: 'Withdraw a release; the content is withheld again at the next fetch',
      access: 'operator',
      params: releaseParams,
      answer: { name: 'Release', schema: releaseSchema },
      handle: async ({ params: { id } }, call) => {
        const release = await releases.withdraw(id, actorOf(call));
        if (release === undefined) throw new ApiError('not-found', 'no such release holds');
        return release;
      },
    }),
  ];
}

/** Originals and their release. */
export function quarantineRoutes(parts: ApiParts): readonly Route[] {
  return [...readingRoutes(parts), exportRoute(parts), ...changingRoutes(parts), ...releaseRoutes(parts)];
}
