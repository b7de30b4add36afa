import { KeptParts } from '@surety/cedar/compile-policy';
import { EntityStore, noRecord } from '@surety/cedar/entity-store';
import { EntityUid as CedarUid } from '@surety/cedar/entity-uid';
import { extensionCalls } from '@surety/cedar/extension-calls';
import { Kept } from '@surety/cedar/kept';
import { isLong } from '@surety/cedar/long';
import { type Answer, PolicySet } from '@surety/cedar/policy-set';
import type { Question } from '@surety/cedar/question';
import { RecordValue, SetValue, type Value } from '@surety/cedar/value';
import { CedarEntityRef, CedarExtension, type CedarRecord, type CedarValue, type EntityUid } from './cedar-value.ts';
import { plainContext } from './call-request.ts';
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
  const asked = new Asked();
  return {
    prepare: (id, policies) => (policies.length === 0 ? nothing : new Handle(id, policies, kept)),
    evaluate(handle, request) {
      if (handle.policies.length === 0) return silence;
      if (!(handle instanceof Handle) || handle.compiled === undefined) return unreadable(handle);
      try {
        return handle.verdictOf(handle.compiled.ask(asked.question(request)));
      } catch {
        return unreadable(handle);
      }
    },
    share: (needs) => sharedNeeds.take(needsForm(needs), () => needs),
    release: () => undefined,
  };
}

/** Hours are the same under the same key, and patterns by their text. */
function needsForm({ pointers, patterns = [], hours, args, facts, entities }: PolicyNeeds): unknown {
  return [
    pointers,
    patterns.map(({ pointer, pattern }) => [pointer, pattern]),
    hours.map(({ key }) => key),
    args,
    facts,
    entities,
  ];
}

/**
 * The last request, as a question. One that is put to several sets in a row is converted once, and so are names and contexts
 * that the one before had as well. The question is one object for ever: nothing keeps it beyond the answer.
 */
class Asked {
  private request: PolicyRequest | undefined;
  /** The last context that held something, and what it was converted to. */
  private context: CedarRecord | undefined;
  private record = noRecord;
  private readonly asked: { -readonly [Member in keyof Question]: Question[Member] } = {
    principal: nobody,
    action: nobody,
    resource: nobody,
    context: noRecord,
    entities: noEntities,
  };

  question(request: PolicyRequest): Question {
    const { asked } = this;
    if (request === this.request) return asked;
    this.request = undefined; // so that what cannot be converted whole is never taken for what was asked before
    const { principal, action, resource, context, entities } = request;
    asked.principal = sameUid(asked.principal, principal);
    asked.action = sameUid(asked.action, action);
    asked.resource = sameUid(asked.resource, resource);
    if (context === plainContext) asked.context = plainRecord;
    else asked.context = context === this.context ? this.record : toRecord(context, 0);
    asked.entities = entities.length === 0 ? noEntities : toStore(entities);
    if (context !== plainContext) {
      this.context = context;
      this.record = asked.context;
    }
    this.request = request;
    return asked;
  }
}

function sameUid(before: CedarUid, { type, id }: EntityUid): CedarUid {
  return before.id === id && before.type === type ? before : new CedarUid(toText(type), toText(id));
}

const nobody = new CedarUid('Nobody', '');

class Handle implements PolicyHandle {
  readonly id: string;
  readonly policies: readonly PolicyText[];
  /** Undefined when Cedar cannot read the set. */
  readonly compiled: PolicySet | undefined;
  private answer: Answer | undefined;
  private verdict: Verdict | undefined;

  constructor(id: string, policies: readonly PolicyText[], kept: KeptParts) {
    this.id = id;
    this.policies = policies;
    this.compiled = policies.length === 0 ? undefined : compile(policies, kept);
  }

  /** A set gives the same few answers again and again, so what they mean is kept with the last one. */
  verdictOf(answer: Answer): Verdict {
    if (answer !== this.answer || this.verdict === undefined) {
      this.answer = answer;
      this.verdict = toVerdict(answer);
    }
    return this.verdict;
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

function toVerdict({ decision, reasons, errors }: Answer): Verdict {
  const failed = errors.length === 0 ? none : errors.map(({ id }) => id);
  return decision === 'allow'
    ? { permits: reasons, forbids: none, errors: failed }
    : { permits: none, forbids: reasons, errors: failed };
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

const plainRecord = toRecord(plainContext, 0);

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
  return new RecordValue(
    names,
    names.map((name) => toValue(record[toText(name)] as CedarValue, depth + 1)),
  );
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
