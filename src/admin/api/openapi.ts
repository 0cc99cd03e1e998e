import { z } from 'zod';
import { API_ERROR_CODES } from './api-error.ts';
import type { AnswerShape, BodyShape, Route } from './route.ts';

type Json = Record<string, unknown>;

const errorSchema = z.strictObject({
  error: z.string(),
  code: z.enum(API_ERROR_CODES),
  issues: z.array(z.strictObject({ path: z.string(), message: z.string() })),
});

/** Named schemas; each is written once and pointed to. */
class Components {
  readonly schemas: Json = {};

  ref(name: string, schema: z.ZodType, io: 'input' | 'output'): Json {
    this.schemas[name] ??= plain(schema, io);
    return { $ref: `#/components/schemas/${name}` };
  }
}

/** Dates in queries become numbers, which JSON schema cannot say; what is sent is what counts. */
function plain(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

function parameters(where: 'path' | 'query', schema: z.ZodType | undefined): Json[] {
  if (schema === undefined) return [];
  const { properties, required } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const needed = new Set(required ?? []);
  return Object.entries(properties ?? {}).map(([name, node]) => ({
    name,
    in: where,
    required: where === 'path' || needed.has(name),
    schema: node,
  }));
}

function requestBody(body: BodyShape, components: Components): Json {
  if (body.kind === 'none') return {};
  const [type, schema] =
    body.kind === 'json'
      ? ['application/json', components.ref(body.name, body.schema, 'input')]
      : [body.type, { ...FILE, maxLength: body.maxBytes }];
  return { requestBody: { required: true, content: { [type]: { schema } } } };
}

const FILE = { type: 'string', format: 'binary' };

function answers(answer: AnswerShape, components: Components): Json {
  if (answer.kind === 'empty') return { 204: { description: 'Done' } };
  if (answer.kind === 'json') {
    const schema = components.ref(answer.name, answer.schema, 'output');
    return { [answer.status]: { description: 'Done', content: { 'application/json': { schema } } } };
  }
  const types = answer.kind === 'events' ? ['text/event-stream'] : answer.types;
  const schema = answer.kind === 'events' ? { type: 'string' } : FILE;
  return {
    200: { description: 'Done', content: Object.fromEntries(types.map((type) => [type, { schema }])) },
  };
}

function operation(route: Route, components: Components): Json {
  const schema = components.ref('Error', errorSchema, 'output');
  const refusal = { description: 'Refused', content: { 'application/json': { schema } } };
  return {
    operationId: route.id,
    tags: [route.tag],
    summary: route.summary,
    description:
      route.access === 'anyone' ? 'Needs no login.' : `Needs the role ${route.access}, or one above it.`,
    parameters: [...parameters('path', route.params), ...parameters('query', route.query)],
    ...requestBody(route.body, components),
    responses: { ...answers(route.answer, components), '4XX': refusal, '5XX': refusal },
    security: route.access === 'anyone' ? [] : [{ token: [] }, { session: [] }],
  };
}

/** The description of the API, from the same schemas that check what goes in and out. */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const components = new Components();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const item = (paths[route.path] ??= {});
    item[route.method] = operation(route, components);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Postern administration', version },
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'postern_session' },
      },
    },
  };
}
