import { KeptParts } from '@surety/cedar/compile-policy';
import { EntityStore, noRecord } from '@surety/cedar/entity-store';
import { EntityUid as CedarUid } from '@surety/cedar/entity-uid';
import { extensionCalls } from '@surety/cedar/extension-calls';
import { Kept } from '@surety/cedar/kept';
import { isLong } from '@surety/cedar/long';
import { PolicySet } from '@surety/cedar/policy-set';
import type { Question } from '@surety/cedar/question';
import { RecordValue, SetValue, type Value } from '@surety/cedar/value';
import { CedarEntityRef, CedarExtension, type CedarRecord, type CedarValue, type EntityUid } from './cedar-value.ts';
import { readExactEst } from './exact-est.ts';
import type { PolicyEngine, PolicyHandle, PolicyRequest, PolicyText, Verdict } from './policy-engine.ts';
import type { PolicyNeeds } from './policy-needs.ts';

/**
 * Our own Cedar as an engine: the official parser reads the text when a set is taken in; a question is answered by what was
 * compiled then, without it. It keeps no set: one lives as long as its handle. A request that
 * is put to several sets in a row is converted once.
 */
export function openCedar(): PolicyEngine {
  const kept = new KeptParts();
  const nothing = new Handle('nothing', [], kept);
  const sharedNeeds = new Kept<PolicyNeeds>();
  let last: Asked | undefined;
  const questionOf = (request: PolicyRequest): Question => {
    if (last?.request !== request) last = { request, question: toQuestion(request, last) };
    return last.question;
  };
  return {
    prepare: (id, policies) => (policies.length === 0 ? nothing : new Handle(id, policies, kept)),
    evaluate(handle, request) {
      if (handle.policies.length === 0) return silence;
      const compiled = handle instanceof Handle ? handle.compiled : undefined;
      if (compiled === undefined) return unreadable(handle);
      try {
        return toVerdict(compiled, questionOf(request));
      } catch {
        return unreadable(handle);
      }
    },
    share: (needs) => sharedNeeds.take(needsForm(needs), () => needs),
    release: () => undefined,
  };
}

/** Hours are the same under the same key. */
function needsForm({ pointers, hours, args, facts, entities }: PolicyNeeds): unknown {
  return [pointers, hours.map(({ key }) => key), args, facts, entities];
}

type Asked = { readonly request: PolicyRequest; readonly question: Question };

class Handle implements PolicyHandle {
  readonly id: string;
  readonly policies: readonly PolicyText[];
  /** Undefined when Cedar cannot read the set. */
  readonly compiled: PolicySet | undefined;

  constructor(id: string, policies: readonly PolicyText[], kept: KeptParts) {
    this.id = id;
    this.policies = policies;
    this.compiled = policies.length === 0 ? undefined : compile(policies, kept);
  }
}

function compile(policies: readonly PolicyText[], kept: KeptParts): PolicySet | undefined {
  try {
    const sources = policies.map(({ id, text }) => ({ id, policy: readExactEst(text) }));
    return new PolicySet(sources, kept);
  } catch {
    return undefined;
  }
}

const none: readonly string[] = [];
const silence: Verdict = { permits: none, forbids: none, errors: none };

/** The set or the request was refused as a whole: nothing in it can be trusted to have been heard. */
function unreadable(handle: PolicyHandle): Verdict {
  return { permits: [], forbids: [], errors: [handle.id] };
}

function toVerdict(set: PolicySet, question: Question): Verdict {
  const { decision, reasons, errors } = set.ask(question);
  const failed = errors.length === 0 ? none : errors.map(({ id }) => id);
  return decision === 'allow'
    ? { permits: reasons, forbids: none, errors: failed }
    : { permits: none, forbids: reasons, errors: failed };
}

/** Names that the last request had as well are not converted again. */
function toQuestion({ principal, action, resource, context, entities }: PolicyRequest, last?: Asked): Question {
  return {
    principal: last?.request.principal === principal ? last.question.principal : toUid(principal),
    action: last?.request.action === action ? last.question.action : toUid(action),
    resource: last?.request.resource === resource ? last.question.resource : toUid(resource),
    context: toRecord(context, 0),
    entities: entities.length === 0 ? noEntities : toStore(entities),
  };
}

const noEntities = new EntityStore([]);

function toStore(entities: PolicyRequest['entities']): EntityStore {
  return new EntityStore(
    entities.map(({ uid, attributes, parents }) => ({
      uid: toUid(uid),
      attributes: toRecord(attributes, 0),
      parents: parents.map(toUid),
    })),
  );
}

/** Far beyond what a call may hold; what is deeper is refused rather than followed. */
const maxDepth = 120;

function toValue(value: CedarValue, depth: number): Value {
  if (typeof value === 'string') return toText(value);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return toLong(value);
  if (value instanceof CedarEntityRef) return toUid(value.uid);
  if (value instanceof CedarExtension) return toExtension(value);
  if (depth > maxDepth) throw new RangeError('a value is nested too deeply');
  return isList(value) ? new SetValue(value.map((member) => toValue(member, depth + 1))) : toRecord(value, depth);
}

function toRecord(record: CedarRecord, depth: number): RecordValue {
  const names = Object.keys(record);
  if (names.length === 0) return noRecord;
  const values: Value[] = [];
  for (const name of names) values.push(toValue(record[toText(name)] as CedarValue, depth + 1));
  return new RecordValue(names, values);
}

function toUid({ type, id }: EntityUid): CedarUid {
  return new CedarUid(toText(type), toText(id));
}

function toText(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('a text is not well-formed Unicode');
  return text;
}

function toLong(long: bigint): bigint {
  if (!isLong(long)) throw new RangeError('an integer is beyond 64 bits');
  return long;
}

function toExtension({ constructorName, text, decimal }: CedarExtension): Value {
  if (decimal !== undefined) return decimal;
  const construct = extensionCalls.get(constructorName);
  if (construct === undefined) throw new TypeError('there is no such extension type');
  return construct([text]);
}

function isList(value: CedarRecord | readonly CedarValue[]): value is readonly CedarValue[] {
  return Array.isArray(value);
}
