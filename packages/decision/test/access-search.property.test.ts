import assert from 'node:assert/strict';
import { ApplicationDocument } from '@surety/contract/authzen';
import { type ExactRecord, fromPlain } from '@surety/contract/exact-json';
import fc from 'fast-check';
import { test } from 'vitest';
import { readQuestion } from '../src/authzen/access-question.ts';
import { type AccessSearch, readSearch } from '../src/authzen/access-search.ts';
import { type CompiledApplication, compileApplication } from '../src/authzen/compile-application.ts';
import { decideAccess, searchAccess } from '../src/authzen/decide-access.ts';
import { openCedar } from '../src/cedar-engine.ts';
import { openCedarWasm } from '../src/cedar-wasm-engine.ts';

/** A search finds exactly what an evaluation would permit: on random directories, policies, claims and pages. */
const engine = openCedar();

const users = ['ann', 'ben', 'cat', 'dan', 'eve'];
const documents = ['d1', 'd2', 'd3', 'd4'];
const groups = ['staff', 'board', 'everyone'];
const actions = ['read', 'write', 'share'];

/** Conditions that look at all there is: properties, groups, claims of the action and the context, and errors. */
const conditions = [
  'true',
  'principal in group::"staff"',
  'principal in group::"everyone"',
  'resource in group::"board"',
  'principal has level && principal.level >= 2',
  'principal.level >= 2',
  'resource has owner && resource.owner == principal.name',
  'resource has tags && resource.tags.contains("open")',
  'context.action has soft && context.action.soft',
  'context.request has risk && context.request.risk == "low"',
  'group::"board".level > 1',
];

const policy = fc.record({
  effect: fc.constantFrom('permit', 'permit', 'permit', 'forbid'),
  action: fc.constantFrom('action', ...actions.map((name) => `action == Action::"${name}"`)),
  condition: fc.constantFrom(...conditions),
});

const parents = fc.subarray(groups).map((ids) => ids.map((id) => ({ type: 'group', id })));
const userProperties = fc.record(
  { name: fc.constantFrom(...users), level: fc.integer({ min: 0, max: 3 }) },
  { requiredKeys: ['name'] },
);
const documentProperties = fc.record(
  { owner: fc.constantFrom(...users), tags: fc.subarray(['open', 'secret']) },
  { requiredKeys: [] },
);

const world = fc
  .record({
    users: fc.array(fc.record({ id: fc.constantFrom(...users), properties: userProperties, in: parents }), { minLength: 3 }),
    documents: fc.array(fc.record({ id: fc.constantFrom(...documents), properties: documentProperties, in: parents }), {
      minLength: 2,
    }),
    staffInEveryone: fc.boolean(),
    policies: fc.array(policy, { minLength: 1, maxLength: 5 }),
  })
  .map((given) => {
    const of = (type: string, all: readonly { id: string; properties: object; in: object[] }[]) => [
      ...new Map(all.map((one) => [one.id, { ...one, type }])).values(),
    ];
    return ApplicationDocument.parse({
      peps: ['asker'],
      types: {
        user: { asserts: ['level'] },
        doc: { asserts: ['owner'] },
        group: {},
      },
      actions,
      actionAsserts: ['soft'],
      contextAsserts: ['risk'],
      entities: [
        ...of('user', given.users),
        ...of('doc', given.documents),
        { type: 'user', id: 'zoe', properties: { name: 'zoe', level: 3 } },
        { type: 'doc', id: 'd0', properties: { owner: 'zoe', tags: ['open'] } },
        { type: 'group', id: 'staff', in: given.staffInEveryone ? [{ type: 'group', id: 'everyone' }] : [] },
        { type: 'group', id: 'board', properties: { level: 2 } },
      ],
      policies: given.policies
        .map(
          ({ effect, action, condition }, at) =>
            `@id("p${at}") ${effect} (principal, ${action}, resource) when { ${condition} };`,
        )
        .join('\n'),
    });
  });

const claims = fc.record(
  {
    level: fc.integer({ min: 0, max: 3 }),
    owner: fc.constantFrom(...users),
    name: fc.constant('eve'),
    tags: fc.constant(['open']),
  },
  { requiredKeys: [] },
);
const subject = fc.record({
  type: fc.constantFrom('user', 'user', 'user', 'user', 'doc', 'ship'),
  id: fc.constantFrom(...users, 'nobody'),
  properties: claims,
});
const resource = fc.record({
  type: fc.constantFrom('doc', 'doc', 'doc', 'user'),
  id: fc.constantFrom(...documents, ...users),
  properties: claims,
});
const asked = fc.record({
  subject,
  resource,
  action: fc.record({
    name: fc.constantFrom(...actions, 'fly'),
    properties: fc.record({ soft: fc.boolean() }, { requiredKeys: [] }),
  }),
  context: fc.record({ risk: fc.constantFrom('low', 'high'), other: fc.constant(1) }, { requiredKeys: [] }),
});

function compiled(document: ApplicationDocument, by = engine): CompiledApplication {
  const read = compileApplication(by, 'world', document);
  if (!read.ok) throw new Error(JSON.stringify(read.issues));
  return read.application;
}

const exact = (value: object): ExactRecord => fromPlain(value) as ExactRecord;

/** Every page, one after the other. */
function searchAll(application: CompiledApplication, search: AccessSearch, limit: number): readonly string[] {
  const all: string[] = [];
  for (;;) {
    const page = slicedPage(application, search, { after: all.at(-1), limit });
    assert.deepEqual(searchAccess(engine, application, search, { after: all.at(-1), limit }), page);
    all.push(...page.found);
    if (!page.isMore) return all;
    assert.equal(page.found.length, limit);
  }
}

/** The same page, two candidates at a time. */
function slicedPage(
  application: CompiledApplication,
  search: AccessSearch,
  { after, limit }: { after: string | undefined; limit: number },
) {
  const found: string[] = [];
  for (let from = 0; ;) {
    const page = searchAccess(engine, application, search, { after, limit: limit - found.length, slice: { from, most: 2 } });
    found.push(...page.found);
    if (page.next === undefined) return { found, isMore: page.isMore };
    from = page.next;
  }
}

test('each of the three searches finds exactly what would be permitted when asked alone, over all pages', () => {
  const every = [...users, 'zoe', 'd0', ...documents, ...groups, 'nobody'];
  let results = 0;
  fc.assert(
    fc.property(world, asked, fc.integer({ min: 1, max: 3 }), (document, body, limit) => {
      const application = compiled(document);
      const permits = (question: object) => decideAccess(engine, application, readQuestion(exact(question))).decision;
      const { search: subjects } = readSearch('subject', exact(body));
      const expectedSubjects = every.filter((id) => permits({ ...body, subject: { type: body.subject.type, id } }));
      assert.deepEqual(searchAll(application, subjects, limit), expectedSubjects.toSorted());
      const { search: resources } = readSearch('resource', exact(body));
      const expectedResources = every.filter((id) => permits({ ...body, resource: { type: body.resource.type, id } }));
      assert.deepEqual(searchAll(application, resources, limit), expectedResources.toSorted());
      const { search: names } = readSearch('action', exact(body));
      const expectedActions = [...actions, 'fly'].filter((name) => permits({ ...body, action: { name } }));
      assert.deepEqual(searchAll(application, names, limit), expectedActions.toSorted());
      results += expectedSubjects.length + expectedResources.length + expectedActions.length;
    }),
    { numRuns: 400 },
  );
  assert.ok(results > 300, `only ${results} results: nothing was compared`);
});

test('the official engine answers the same', () => {
  const official = openCedarWasm();
  fc.assert(
    fc.property(world, asked, (document, body) => {
      const question = readQuestion(exact(body));
      const ours = decideAccess(engine, compiled(document), question);
      assert.deepEqual(decideAccess(official, compiled(document, official), question), ours);
    }),
    { numRuns: 60 },
  );
});

test('what a PEP may not state changes no answer', () => {
  fc.assert(
    fc.property(world, asked, (document, body) => {
      const application = compiled(document);
      const answer = decideAccess(engine, application, readQuestion(exact(body)));
      const bare = {
        subject: {
          ...body.subject,
          properties: keep(body.subject.properties, body.subject.type === 'doc' ? ['owner'] : ['level']),
        },
        action: body.action,
        resource: {
          ...body.resource,
          properties: keep(body.resource.properties, body.resource.type === 'doc' ? ['owner'] : ['level']),
        },
        context: keep(body.context, ['risk']),
      };
      assert.deepEqual(decideAccess(engine, application, readQuestion(exact(bare))), answer);
    }),
    { numRuns: 200 },
  );
});

function keep(properties: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => names.includes(name)));
}
