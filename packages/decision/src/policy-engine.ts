import type { CedarRecord, EntityUid } from './cedar-value.ts';
import type { PolicyNeeds } from './policy-needs.ts';

/** One Cedar policy as text, under the id that decisions name it by. Ids are unique within a set. */
export type PolicyText = { readonly id: string; readonly text: string };

export type CedarEntity = { readonly uid: EntityUid; readonly attributes: CedarRecord; readonly parents: readonly EntityUid[] };

/** Cedar's question: may this principal do this action to this resource, in this context? */
export type PolicyRequest = {
  readonly principal: EntityUid;
  readonly action: EntityUid;
  readonly resource: EntityUid;
  readonly context: CedarRecord;
  readonly entities: readonly CedarEntity[];
};

/**
 * What the engine said of one set, before we decide what it means. `errors` names every applicable policy that could not
 * be evaluated; when the set or the request cannot be read at all, it names the set. `permits` may be empty where a
 * forbid holds: Cedar names only what determined its answer.
 */
export type Verdict = {
  readonly permits: readonly string[];
  readonly forbids: readonly string[];
  readonly errors: readonly string[];
};

/** A set that an engine has taken in. Only the engine that made it can evaluate it. */
export type PolicyHandle = { readonly id: string; readonly policies: readonly PolicyText[] };

/** Evaluates Cedar. Nothing here throws: what goes wrong is in `errors`, and whoever asked must refuse on it. */
export type PolicyEngine = {
  /** Takes in a set. `id` names it in errors; two sets with the same id are still two. */
  prepare(id: string, policies: readonly PolicyText[]): PolicyHandle;
  /** The same needs, and the same object for equal ones where the engine keeps them: many mandates look at the same things. */
  share(needs: PolicyNeeds): PolicyNeeds;
  evaluate(handle: PolicyHandle, request: PolicyRequest): Verdict;
  /** Gives back what the set holds. It can still be evaluated, at the price of taking it in again. */
  release(handle: PolicyHandle): void;
};
