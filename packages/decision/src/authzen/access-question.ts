import { type ExactRecord, type ExactValue, isExactList, isExactRecord } from '@surety/contract/exact-json';

/** A subject or resource as it was asked about. `properties` is what the PEP says of it: claims, not facts. */
export type AskedEntity = { readonly type: string; readonly id: string; readonly properties: ExactRecord };
export type AskedAction = { readonly name: string; readonly properties: ExactRecord };

/** One question of AuthZEN 1.0 (§5): may this subject do this action to this resource, in this context? */
export type AccessQuestion = {
  readonly subject: AskedEntity;
  readonly action: AskedAction;
  readonly resource: AskedEntity;
  readonly context: ExactRecord;
};

/** What is wrong with a question, and where: a JSON pointer, and words that quote nothing of it. */
export class QuestionError extends Error {
  override readonly name = 'QuestionError';
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/** When a batch ends before all of it is answered (§7.1.2). */
export type Semantic = 'execute_all' | 'deny_on_first_deny' | 'permit_on_first_permit';
const semantics: readonly string[] = [
  'execute_all',
  'deny_on_first_deny',
  'permit_on_first_permit',
] satisfies readonly Semantic[];

/** A batch. An item that is malformed is answered by itself; the others are not. */
export type AccessBatch = { readonly semantic: Semantic; readonly items: readonly (AccessQuestion | QuestionError)[] };

const nothing: ExactRecord = Object.freeze(Object.create(null));

const maxText = { type: 200, id: 1_000, name: 500 } as const;

/** Reads one question (§6.1). Members that are not known are ignored. Throws `QuestionError`. */
export function readQuestion(body: ExactRecord): AccessQuestion {
  return {
    subject: readEntity(body['subject'], '/subject'),
    action: readAction(body['action'], '/action'),
    resource: readEntity(body['resource'], '/resource'),
    context: readObject(body['context'], '/context'),
  };
}

/**
 * Reads a batch (§7.1). What stands above is the default of every item: each of subject, action, resource and context is
 * taken whole, and only a type, id or name that an item leaves out is taken from the default. Without items it is one question
 * (§7.1.1): undefined. Throws `QuestionError` for what is wrong with the batch as a whole.
 */
export function readBatch(body: ExactRecord): AccessBatch | undefined {
  const { evaluations } = body;
  const semantic = readSemantic(readObject(body['options'], '/options')['evaluations_semantic']);
  if (evaluations === undefined || (isExactList(evaluations) && evaluations.length === 0)) return undefined;
  if (!isExactList(evaluations)) throw new QuestionError('/evaluations', 'is no list');
  for (const part of ['subject', 'action', 'resource', 'context'] as const) readObject(body[part], `/${part}`);
  return { semantic, items: evaluations.map((item, at) => readItem(item, body, `/evaluations/${at}`)) };
}

function readSemantic(given: ExactValue | undefined): Semantic {
  if (given === undefined) return 'execute_all';
  if (typeof given !== 'string' || !semantics.includes(given))
    throw new QuestionError('/options/evaluations_semantic', `is none of ${semantics.join(', ')}`);
  return given as Semantic;
}

function readItem(item: ExactValue, defaults: ExactRecord, path: string): AccessQuestion | QuestionError {
  try {
    if (!isExactRecord(item)) throw new QuestionError(path, 'is no object');
    return {
      subject: readEntity(overDefault(item['subject'], defaults['subject'], ['type', 'id']), `${path}/subject`),
      action: readAction(overDefault(item['action'], defaults['action'], ['name']), `${path}/action`),
      resource: readEntity(overDefault(item['resource'], defaults['resource'], ['type', 'id']), `${path}/resource`),
      context: readObject(item['context'] === undefined ? defaults['context'] : item['context'], `${path}/context`),
    };
  } catch (thrown) {
    if (thrown instanceof QuestionError) return thrown;
    throw thrown;
  }
}

/** The whole of what an item says, with what is needed to name a thing from the default where it says nothing of it. */
function overDefault(
  own: ExactValue | undefined,
  byDefault: ExactValue | undefined,
  needed: readonly string[],
): ExactValue | undefined {
  if (own === undefined) return byDefault;
  if (!isExactRecord(own) || !isExactRecord(byDefault)) return own;
  const missing = needed.filter((name) => own[name] === undefined && byDefault[name] !== undefined);
  return missing.length === 0 ? own : { ...own, ...Object.fromEntries(missing.map((name) => [name, byDefault[name] ?? null])) };
}

export function readEntity(value: ExactValue | undefined, path: string): AskedEntity {
  const entity = readNeeded(value, path);
  return {
    type: readText(entity['type'], `${path}/type`, maxText.type),
    id: readText(entity['id'], `${path}/id`, maxText.id),
    properties: readObject(entity['properties'], `${path}/properties`),
  };
}

/** The type of what is searched for: everything else about it is what the answer says. */
export function readType(value: ExactValue | undefined, path: string): string {
  return readText(readNeeded(value, path)['type'], `${path}/type`, maxText.type);
}

export function readAction(value: ExactValue | undefined, path: string): AskedAction {
  const action = readNeeded(value, path);
  return {
    name: readText(action['name'], `${path}/name`, maxText.name),
    properties: readObject(action['properties'], `${path}/properties`),
  };
}

function readNeeded(value: ExactValue | undefined, path: string): ExactRecord {
  if (value === undefined) throw new QuestionError(path, 'is missing');
  return readObject(value, path);
}

/** An object, or nothing when there is none. */
export function readObject(value: ExactValue | undefined, path: string): ExactRecord {
  if (value === undefined) return nothing;
  if (!isExactRecord(value)) throw new QuestionError(path, 'is no object');
  return value;
}

function readText(value: ExactValue | undefined, path: string, longest: number): string {
  if (value === undefined) throw new QuestionError(path, 'is missing');
  if (typeof value !== 'string') throw new QuestionError(path, 'is no text');
  if (value === '' || value.length > longest) throw new QuestionError(path, `has 1 to ${longest} characters`);
  return value;
}
