import assert from 'node:assert/strict';
import { test } from 'vitest';
import * as z from 'zod';
import { faults } from './faults.ts';
import { openapi } from './openapi.ts';
import { pathMembers, route } from './route.ts';
import { routes } from './routes.ts';

const about = { title: 'Surety', version: '1.2.3', servers: ['http://127.0.0.1:7070'] };

type Json = null | boolean | number | string | Json[] | { [member: string]: Json };
type JsonObject = { [member: string]: Json };

function documentOf(list = routes): JsonObject {
  return JSON.parse(JSON.stringify(openapi(list, about)));
}

function at(value: Json, ...path: readonly string[]): Json {
  return path.reduce<Json>((now, step) => {
    assert.ok(typeof now === 'object' && now !== null && !Array.isArray(now), `nothing at ${path.join('/')}`);
    assert.ok(Object.hasOwn(now, step), `nothing at ${path.join('/')}: ${step}`);
    return (now as JsonObject)[step] ?? null;
  }, value);
}

function operationOf(document: JsonObject, one: (typeof routes)[number]): JsonObject {
  return at(document, 'paths', one.path, one.method.toLowerCase()) as JsonObject;
}

function referencesIn(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => (key === '$ref' ? [member as string] : referencesIn(member)));
}

test('every route stands in the document once, under its own name and action, and nothing else does', () => {
  const document = documentOf();
  const operations = Object.values(document['paths'] as JsonObject).flatMap((path) => Object.values(path as JsonObject));
  assert.deepEqual(
    operations.map((one) => String(at(one, 'operationId') as string)).sort(),
    routes.map((one) => one.name).sort(),
  );
  for (const one of routes) {
    const operation = operationOf(document, one);
    assert.equal(operation['operationId'], one.name);
    assert.equal(operation['x-action'], one.action);
    assert.equal(operation['summary'], one.summary);
  }
  assert.equal(document['openapi'], '3.1.0');
  assert.deepEqual(document['info'], { title: 'Surety', version: '1.2.3' });
  assert.deepEqual(document['servers'], [{ url: 'http://127.0.0.1:7070' }]);
});

test('every reference leads somewhere, and every component schema is referred to', () => {
  const document = documentOf();
  const references = referencesIn(document);
  assert.ok(references.length > 50);
  for (const reference of references) {
    assert.match(reference, /^#\/components\/(schemas|responses)\/[A-Za-z0-9]+$/);
    at(document, ...reference.slice(2).split('/'));
  }
  for (const name of Object.keys(at(document, 'components', 'schemas') as JsonObject)) {
    assert.ok(references.includes(`#/components/schemas/${name}`), `${name} is not used`);
  }
});

test('what is left of a schema after writing holds no private references or dialect marks', () => {
  assert.doesNotMatch(JSON.stringify(documentOf()), /\$defs|\$schema|"~standard"/);
});

test('members in braces are required path parameters, and no path member travels twice', () => {
  const document = documentOf();
  for (const one of routes) {
    const operation = operationOf(document, one);
    const parameters = operation['parameters'] as JsonObject[];
    const inPath = parameters.filter((parameter) => parameter['in'] === 'path');
    assert.deepEqual(
      inPath.map((parameter) => parameter['name']),
      pathMembers(one.path),
      one.name,
    );
    assert.ok(
      inPath.every((parameter) => parameter['required'] === true),
      one.name,
    );
    const body = operation['requestBody'];
    if (body === undefined) continue;
    assert.ok(one.method === 'POST' || one.method === 'PUT', one.name);
    const properties = Object.keys(at(body, 'content', 'application/json', 'schema', 'properties') as JsonObject);
    for (const name of pathMembers(one.path)) assert.ok(!properties.includes(name), `${one.name}: ${name}`);
  }
});

test('a parameter is what the server reads: a number, a boolean, with its default, and optional', () => {
  const document = documentOf();
  const find = (name: string, parameter: string) => {
    const one = routes.find((candidate) => candidate.name === name);
    assert.ok(one);
    return (operationOf(document, one)['parameters'] as JsonObject[]).find((candidate) => candidate['name'] === parameter);
  };
  assert.deepEqual(find('listActions', 'limit'), {
    name: 'limit',
    in: 'query',
    required: false,
    schema: { default: 50, type: 'integer', minimum: 1, maximum: 1000 },
  });
  assert.deepEqual(find('listMandates', 'all'), {
    name: 'all',
    in: 'query',
    required: false,
    schema: { default: false, type: 'boolean' },
  });
  assert.deepEqual(find('proveConsistency', 'from')?.['required'], true);
});

test('a request may leave out what has a default; the response always has it', () => {
  const Thing = z.strictObject({ name: z.string(), labels: z.array(z.string()).default([]) }).meta({ id: 'TestThing' });
  const one = route({
    name: 'makeThing',
    method: 'POST',
    path: '/v1/things',
    action: 'thing:make',
    summary: 'Make.',
    input: z.strictObject({ thing: Thing }),
    output: Thing,
    faults: [],
  });
  const document = documentOf([one]);
  assert.deepEqual(at(document, 'components', 'schemas', 'TestThingInput', 'required'), ['name']);
  assert.deepEqual(at(document, 'components', 'schemas', 'TestThing', 'required'), ['name', 'labels']);
});

test('a part that differs makes what holds it differ too', () => {
  const document = documentOf();
  assert.deepEqual(at(document, 'components', 'schemas', 'MandateDocumentInput', 'properties', 'permissions', 'items'), {
    $ref: '#/components/schemas/PermissionInput',
  });
  assert.deepEqual(at(document, 'components', 'schemas', 'MandateDocument', 'properties', 'permissions', 'items'), {
    $ref: '#/components/schemas/Permission',
  });
});

test('every fault of a route stands under its status, with its code, as a problem document', () => {
  const document = documentOf();
  for (const one of routes) {
    for (const code of one.faults) {
      const status = String(faults[code].status);
      const schema = at(
        operationOf(document, one),
        'responses',
        status,
        'content',
        'application/problem+json',
        'schema',
      ) as JsonObject;
      const [problem, named] = schema['allOf'] as [JsonObject, JsonObject];
      assert.deepEqual(problem, { $ref: '#/components/schemas/Problem' });
      assert.ok((at(named, 'properties', 'code', 'enum') as string[]).includes(code), `${one.name}: ${code}`);
    }
  }
});

test('routes for a principal need a token and a proof and say so; a door for a code needs neither', () => {
  const document = documentOf();
  for (const one of routes) {
    const operation = operationOf(document, one);
    const responses = operation['responses'] as JsonObject;
    assert.deepEqual(operation['security'], one.door === 'code' ? [] : [{ accessToken: [], dpopProof: [] }], one.name);
    assert.equal(Object.hasOwn(responses, '401'), one.door === 'principal', one.name);
  }
  assert.deepEqual(Object.keys(at(document, 'components', 'securitySchemes') as JsonObject), ['accessToken', 'dpopProof']);
  const codes = at(
    document,
    'components',
    'responses',
    'Problem401',
    'content',
    'application/problem+json',
    'schema',
    'allOf',
  ) as JsonObject[];
  assert.ok((at(codes[1] ?? null, 'properties', 'code', 'enum') as string[]).includes('dpop.nonce_required'));
});

test('the document is the same every time it is computed', () => {
  assert.equal(JSON.stringify(openapi(routes, about)), JSON.stringify(openapi(routes, about)));
});
