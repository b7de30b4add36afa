import type { AccessReason } from '@surety/contract/authzen';
import type { ExactRecord } from '@surety/contract/exact-json';
import { CedarEntityRef, type CedarRecord, toCedarArguments } from '../cedar-value.ts';
import type { PolicyEngine } from '../policy-engine.ts';
import type { AccessQuestion, AskedEntity } from './access-question.ts';
import { type AccessSearch, questionAbout } from './access-search.ts';
import { type CompiledApplication, distinct, entityKey, type KnownEntity } from './compile-application.ts';

/** What an application's own policies say of one question. */
export type AccessAnswer = { readonly decision: boolean; readonly reason: AccessReason; readonly policies: readonly string[] };

/**
 * Answers one question by the policies and entities of the application. A permit is needed, a forbid wins, an evaluation error of
 * any policy that applies denies, as everywhere here. What the PEP says of a thing counts only where the document lets it
 * state that property; whom or what the document does not know is denied, but for things of an open type.
 */
export function decideAccess(engine: PolicyEngine, application: CompiledApplication, question: AccessQuestion): AccessAnswer {
  const { action, context } = question;
  if (!application.actions.includes(action.name)) return no('action.unknown');
  const { subject, resource } = asOne(question);
  const principal = stated(application, subject);
  if (principal === undefined) return no('subject.unknown');
  const target = resource === subject ? principal : stated(application, resource);
  if (target === undefined) return no('resource.unknown');
  const { named, actionAsserts, contextAsserts } = application;
  const verdict = engine.evaluate(application.policies, {
    principal: principal.entity.uid,
    action: { type: 'Action', id: action.name },
    resource: target.entity.uid,
    context: { action: statedOf(action.properties, actionAsserts), request: statedOf(context, contextAsserts) },
    // What was stated stands last: it counts where the same entity stands among the others as the document has it.
    entities: distinct([...named, ...principal.above, ...target.above, principal.entity, target.entity]),
  });
  if (verdict.errors.length > 0) return no('application.error', verdict.errors);
  if (verdict.forbids.length > 0) return no('application.forbidden', verdict.forbids);
  if (verdict.permits.length === 0) return no('application.silent');
  return { decision: true, reason: 'permitted', policies: verdict.permits };
}

function no(reason: AccessReason, policies: readonly string[] = []): AccessAnswer {
  return { decision: false, reason, policies };
}

/** A thing that is asked about itself is one thing, of which what is stated on either side is stated. */
function asOne({ subject, resource }: AccessQuestion): { readonly subject: AskedEntity; readonly resource: AskedEntity } {
  if (subject.type !== resource.type || subject.id !== resource.id) return { subject, resource };
  const both = { ...subject, properties: { ...subject.properties, ...resource.properties } };
  return { subject: both, resource: both };
}

/** A thing with what is stated of it; undefined for one that the application does not know. */
function stated({ types, entities }: CompiledApplication, { type, id, properties }: AskedEntity): KnownEntity | undefined {
  const spec = types.get(type);
  const known = entities.get(entityKey({ type, id }));
  if (spec === undefined || (known === undefined && !spec.isOpen)) return undefined;
  const claimed = statedOf(properties, spec.asserts);
  if (known !== undefined && claimed === nothing) return known;
  const { uid, attributes, parents } = known?.entity ?? { uid: { type, id }, attributes: nothing, parents: [] };
  return { entity: { uid, attributes: { ...attributes, ...claimed }, parents }, above: known?.above ?? [] };
}

/** Of what is stated, that which may be. */
function statedOf(properties: ExactRecord, names: readonly string[]): CedarRecord {
  if (!names.some((name) => Object.hasOwn(properties, name))) return nothing;
  const value = toCedarArguments(properties, names);
  return value instanceof CedarEntityRef ? nothing : (value as CedarRecord);
}

const nothing: CedarRecord = {};

/**
 * A part of the results of a search, in the order of their names. `isMore`: whether there are others behind it. `next`: the
 * candidate that is looked at next, when the search stopped before it knew.
 */
export type FoundPage = { readonly found: readonly string[]; readonly isMore: boolean; readonly next?: number };

export type SearchPart = {
  /** The name of the last result of the page before. */
  readonly after: string | undefined;
  /** How many results are wanted. */
  readonly limit: number;
  /** How many candidates are looked at in one go, from which one on; all of them, when left out. */
  readonly slice?: { readonly from: number; readonly most: number };
};

/**
 * Searches by asking about every candidate that the document lists: what is found is exactly what would be permitted when asked
 * alone.
 */
export function searchAccess(
  engine: PolicyEngine,
  application: CompiledApplication,
  search: AccessSearch,
  { after, limit, slice = { from: 0, most: Number.POSITIVE_INFINITY } }: SearchPart,
): FoundPage {
  const found: string[] = [];
  const candidates = candidatesOf(application, search);
  const end = slice.from + slice.most;
  for (let at = slice.from; at < candidates.length; at++) {
    if (at === end) return { found, isMore: false, next: at };
    const candidate = candidates[at];
    if (candidate === undefined || (after !== undefined && candidate <= after)) continue;
    if (!decideAccess(engine, application, questionAbout(search, candidate)).decision) continue;
    if (found.length === limit) return { found, isMore: true };
    found.push(candidate);
  }
  return { found, isMore: false };
}

function candidatesOf({ types, actions }: CompiledApplication, search: AccessSearch): readonly string[] {
  return search.kind === 'action' ? actions : (types.get(search.type)?.ids ?? []);
}
