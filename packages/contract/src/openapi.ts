import * as z from 'zod';
import { type FaultCode, faults } from './faults.ts';
import { Problem } from './problem.ts';
import { pathMembers, type Route } from './route.ts';

/** What a document says of the deployment it stands for. `servers`: public base addresses. */
export type ApiDescription = { readonly title: string; readonly version: string; readonly servers: readonly string[] };

/** JSON Schema, draft 2020-12, the dialect of OpenAPI 3.1. */
type Schema = { readonly [member: string]: unknown };

type Members = { readonly properties: Readonly<Record<string, Schema>>; readonly required: readonly string[] };

/** Which way a value travels: a request may leave out what has a default, a response never does. */
type Way = 'input' | 'output';

/** Faults of the door of every route that an authenticated principal asks (RFC 9449 §7.1: challenges are 401). */
const principalFaults = [
  'token.missing',
  'token.invalid',
  'token.not_bound',
  'token.ended',
  'dpop.proof_invalid',
  'dpop.nonce_required',
  'dpop.proof_replayed',
  'access.denied',
] as const satisfies readonly FaultCode[];

/** Faults that any route can answer with. */
const houseFaults = [
  'request.malformed',
  'request.too_large',
  'service.not_ready',
  'service.overloaded',
  'internal',
] as const satisfies readonly FaultCode[];

/**
 * The API as an OpenAPI 3.1 document, computed from the routes. Schemas with an id become components; a route's
 * members travel in the path, for GET and DELETE in the query, otherwise in a JSON body. Every fault a route can
 * answer with stands under its status as an RFC 9457 problem document.
 */
export function openapi(routes: readonly Route[], about: ApiDescription): Schema {
  const components = new Components([
    { type: Problem, way: 'output' },
    ...routes.flatMap(({ input, output }) => [
      { type: input, way: 'input' as const },
      { type: output, way: 'output' as const },
    ]),
  ]);
  const paths: Record<string, Record<string, Schema>> = {};
  for (const route of routes) {
    const operations = (paths[route.path] ??= {});
    operations[route.method.toLowerCase()] = operationOf(route, components);
  }
  return {
    openapi: '3.1.0',
    info: { title: about.title, version: about.version },
    servers: about.servers.map((url) => ({ url })),
    paths,
    components: { schemas: components.schemas(), responses: problemResponses(components), securitySchemes },
  };
}

const securitySchemes = {
  accessToken: {
    type: 'http',
    scheme: 'DPoP',
    bearerFormat: 'JWT',
    description: 'An access token bound to a key, RFC 9449 §7.1.',
  },
  dpopProof: {
    type: 'apiKey',
    in: 'header',
    name: 'DPoP',
    description: 'A fresh proof by that key for this request, RFC 9449 §4.',
  },
};

function operationOf(route: Route, components: Components): Schema {
  const inPath = pathMembers(route.path);
  const inQuery = route.method === 'GET' || route.method === 'DELETE';
  const noun = route.action.slice(0, route.action.indexOf(':'));
  const body = inQuery ? undefined : bodyOf(route, inPath, components);
  return {
    operationId: route.name,
    summary: route.summary,
    tags: [noun],
    'x-action': route.action,
    ...(route.door === 'code' ? { security: [] } : { security: [{ accessToken: [], dpopProof: [] }] }),
    parameters: parametersOf(route, inPath, components).filter((one) => one['in'] === 'path' || inQuery),
    ...(body === undefined ? {} : { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: responsesOf(route, components),
  };
}

/** Every member as a parameter. The schema is that of the value read; whether it must be given is the request's matter. */
function parametersOf(route: Route, inPath: readonly string[], components: Components): Schema[] {
  const { required } = components.membersOf(route.input, 'input');
  const { properties } = components.membersOf(route.input, 'output');
  return Object.entries(properties).map(([name, schema]) => {
    const isPath = inPath.includes(name);
    return { name, in: isPath ? 'path' : 'query', required: isPath || required.includes(name), schema };
  });
}

/** The body: the input without the members that travel in the path. Undefined when nothing is left. */
function bodyOf(route: Route, inPath: readonly string[], components: Components): Schema | undefined {
  const { properties, required } = components.membersOf(route.input, 'input');
  const left = Object.entries(properties).filter(([name]) => !inPath.includes(name));
  if (left.length === 0) return undefined;
  const needed = required.filter((name) => !inPath.includes(name));
  const object = { type: 'object', properties: Object.fromEntries(left), additionalProperties: false };
  return needed.length === 0 ? object : { ...object, required: needed };
}

/** Problem responses by status. Those that only hold faults of the door or the house are the same everywhere: components. */
function responsesOf(route: Route, components: Components): Schema {
  const own: readonly FaultCode[] = route.door === 'principal' ? [...principalFaults, ...route.faults] : route.faults;
  const everywhere = new Map(byStatus([...principalFaults, ...houseFaults]).map(([status, codes]) => [status, codes.join()]));
  const problems = byStatus([...own, ...houseFaults]).map(([status, codes]) => {
    const isEverywhere = everywhere.get(status) === codes.join();
    const reference = { $ref: `#/components/responses/${problemName(status)}` };
    return [status, isEverywhere ? reference : problemOf(status, codes, components)] as const;
  });
  const done = { description: 'Done', content: { 'application/json': { schema: components.schemaOf(route.output, 'output') } } };
  return { 200: done, ...Object.fromEntries(problems) };
}

function problemResponses(components: Components): Schema {
  const everywhere = byStatus([...principalFaults, ...houseFaults]);
  return Object.fromEntries(everywhere.map(([status, codes]) => [problemName(status), problemOf(status, codes, components)]));
}

function problemName(status: number): string {
  return `Problem${status}`;
}

function problemOf(status: number, codes: readonly FaultCode[], components: Components): Schema {
  const named = { type: 'object', properties: { status: { const: status }, code: { enum: codes } } };
  const schema = { allOf: [components.schemaOf(Problem, 'output'), named] };
  const description = codes.map((code) => `${code}: ${faults[code].title}`).join('. ');
  return { description, content: { 'application/problem+json': { schema } } };
}

function byStatus(codes: readonly FaultCode[]): readonly (readonly [number, readonly FaultCode[]])[] {
  const groups = Map.groupBy(new Set(codes), statusOf);
  return [...groups].map(([status, group]) => [status, group.toSorted()] as const).sort(([one], [other]) => one - other);
}

/** A refused proof is 400 at the token endpoint and a 401 challenge at the API (RFC 9449 §5 and §7.1). */
function statusOf(code: FaultCode): number {
  return code.startsWith('dpop.') ? 401 : faults[code].status;
}

/** A JSON schema as zod writes it: parts with an id stand apart and are referred to by `#/$defs/<id>`. */
function writeSchema(type: z.ZodType, way: Way): { readonly schema: Schema; readonly parts: Readonly<Record<string, Schema>> } {
  const { $schema: _dialect, $defs, ...schema } = z.toJSONSchema(type, { io: way });
  return { schema, parts: ($defs ?? {}) as Readonly<Record<string, Schema>> };
}

/**
 * Schemas with an id, each written once. Where the two ways differ (a default, a transformation), the one that travels
 * in a request has `Input` behind its name.
 */
class Components {
  private readonly parts: Readonly<Record<Way, Map<string, Schema>>> = { input: new Map(), output: new Map() };
  private readonly differing: ReadonlySet<string>;

  constructor(types: readonly { readonly type: z.ZodType; readonly way: Way }[]) {
    for (const { type, way } of types) {
      for (const [id, schema] of Object.entries(writeSchema(type, way).parts)) this.parts[way].set(id, schema);
    }
    this.differing = this.findDiffering();
  }

  /** The schema of a value, referring to components. */
  schemaOf(type: z.ZodType, way: Way): Schema {
    return this.refer(writeSchema(type, way).schema, way) as Schema;
  }

  /** The members of an object's schema, also when it is a component itself. */
  membersOf(type: z.ZodType, way: Way): Members {
    const { schema, parts } = writeSchema(type, way);
    const object = parts[String(schema['$ref']).slice(defs.length)] ?? schema;
    const { properties, required } = this.refer(object, way) as { properties?: Record<string, Schema>; required?: string[] };
    return { properties: properties ?? {}, required: required ?? [] };
  }

  schemas(): Schema {
    const written = (['output', 'input'] as const).flatMap((way) =>
      [...this.parts[way]].map(([id, schema]) => [this.nameOf(id, way), this.refer(schema, way)] as const),
    );
    return Object.fromEntries(written.sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  private nameOf(id: string, way: Way): string {
    return way === 'input' && this.differing.has(id) ? `${id}Input` : id;
  }

  private refer(value: unknown, way: Way): unknown {
    if (Array.isArray(value)) return value.map((item) => this.refer(item, way));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => {
        const isReference = key === '$ref' && typeof member === 'string' && member.startsWith(defs);
        return [
          key,
          isReference ? `#/components/schemas/${this.nameOf(member.slice(defs.length), way)}` : this.refer(member, way),
        ];
      }),
    );
  }

  /** Ids whose two ways differ, themselves or in a part they refer to. */
  private findDiffering(): ReadonlySet<string> {
    const both = [...this.parts.input].flatMap(([id, input]) => {
      const output = this.parts.output.get(id);
      return output === undefined ? [] : [{ id, input: JSON.stringify(input), output: JSON.stringify(output) }];
    });
    const differing = new Set(both.filter(({ input, output }) => input !== output).map(({ id }) => id));
    for (let before = -1; before !== differing.size;) {
      before = differing.size;
      for (const { id, input } of both) {
        if ([...differing].some((part) => input.includes(`"${defs}${part}"`))) differing.add(id);
      }
    }
    return differing;
  }
}

const defs = '#/$defs/';
