import { randomUUID } from 'node:crypto';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { CedarEntityRef, CedarExtension, type CedarRecord, type CedarValue } from './cedar-value.ts';
import type { PolicyEngine, PolicyHandle, PolicyRequest, PolicyText, Verdict } from './policy-engine.ts';

/** `JSON.rawJSON` (Node 22): a number with all its digits, where a JavaScript number would round it. */
const { rawJSON } = JSON as typeof JSON & { rawJSON(text: string): unknown };

export type CedarWasmLimits = {
  /** How many sets are kept parsed; the one unused longest makes room. */
  readonly maxSets?: number;
  /** How many policies these may hold together: about 7 KB each in the engine's memory. */
  readonly maxPolicies?: number;
};

/**
 * The official Cedar as an engine. It keeps sets parsed under a bounded number of names that are used again and again,
 * because the wasm module never forgets a name. A name is a number of this engine's own and the key is the handle itself:
 * no id of a policy or principal is ever part of a key, so no two sets can be taken for each other.
 */
export function openCedarWasm({ maxSets = 2048, maxPolicies = 8192 }: CedarWasmLimits = {}): PolicyEngine {
  const slots = new Slots(maxSets, maxPolicies);
  const converted = new WeakMap<PolicyRequest, cedar.StatefulAuthorizationCall>();
  const convert = (request: PolicyRequest): cedar.StatefulAuthorizationCall => {
    let call = converted.get(request);
    if (call === undefined) converted.set(request, (call = toCall(request)));
    return call;
  };
  return {
    prepare: (id, policies) => ({ id, policies }),
    evaluate(handle, request) {
      if (handle.policies.length === 0) return { permits: [], forbids: [], errors: [] };
      try {
        const slot = slots.of(handle);
        if (slot === undefined) return unreadable(handle);
        return toVerdict(handle, cedar.statefulIsAuthorized({ ...convert(request), preparsedPolicySetId: slot }));
      } catch {
        return unreadable(handle);
      }
    },
    share: (needs) => needs,
    release: (handle) => slots.free(handle),
  };
}

/** The set or the request was refused as a whole: nothing in it can be trusted to have been heard. */
function unreadable(handle: PolicyHandle): Verdict {
  return { permits: [], forbids: [], errors: [handle.id] };
}

function toVerdict(handle: PolicyHandle, answer: cedar.AuthorizationAnswer): Verdict {
  if (answer.type !== 'success') return unreadable(handle);
  const { decision, diagnostics } = answer.response;
  const reasons = inOrder(handle, diagnostics.reason);
  const errors = inOrder(
    handle,
    diagnostics.errors.map(({ policyId }) => policyId),
  );
  return decision === 'allow' ? { permits: reasons, forbids: [], errors } : { permits: [], forbids: reasons, errors };
}

/** Cedar names policies in no order; here they come as they stand in the set, so that the same question has the same answer. */
function inOrder({ policies }: PolicyHandle, ids: readonly string[]): readonly string[] {
  if (ids.length < 2) return ids;
  const named = new Set(ids);
  return policies.flatMap(({ id }) => (named.has(id) ? [id] : []));
}

type Slot = { readonly name: string; readonly size: number };

/** Which set lies under which name, least recently used first. */
class Slots {
  private readonly maxSets: number;
  private readonly maxPolicies: number;
  private readonly taken = new Map<PolicyHandle, Slot>();
  private readonly idle: string[] = [];
  /** The module's names are shared by every engine in this process. */
  private readonly prefix = randomUUID();
  private named = 0;
  private held = 0;

  constructor(maxSets: number, maxPolicies: number) {
    this.maxSets = Math.max(1, maxSets);
    this.maxPolicies = maxPolicies;
  }

  /** The name under which the set lies parsed, or undefined when Cedar cannot read it. */
  of(handle: PolicyHandle): string | undefined {
    const taken = this.taken.get(handle);
    if (taken === undefined) return this.load(handle);
    this.taken.delete(handle);
    this.taken.set(handle, taken);
    return taken.name;
  }

  free(handle: PolicyHandle): void {
    const taken = this.taken.get(handle);
    if (taken === undefined) return;
    this.taken.delete(handle);
    this.held -= taken.size;
    cedar.preparsePolicySet(taken.name, { staticPolicies: {} });
    this.idle.push(taken.name);
  }

  private load(handle: PolicyHandle): string | undefined {
    const size = handle.policies.length;
    while (this.taken.size > 0 && (this.taken.size >= this.maxSets || this.held + size > this.maxPolicies)) this.freeOldest();
    const name = this.idle.pop() ?? `${this.prefix}/${this.named++}`;
    if (!parse(name, handle.policies)) {
      this.idle.push(name);
      return undefined;
    }
    this.taken.set(handle, { name, size });
    this.held += size;
    return name;
  }

  private freeOldest(): void {
    const [oldest] = this.taken.keys();
    if (oldest !== undefined) this.free(oldest);
  }
}

/** Parses a set under a name. False when it cannot be read, or when an id stands twice. */
function parse(name: string, policies: readonly PolicyText[]): boolean {
  const staticPolicies: Record<string, string> = Object.create(null);
  for (const { id, text } of policies) {
    if (id in staticPolicies) return false;
    staticPolicies[id] = text;
  }
  return cedar.preparsePolicySet(name, { staticPolicies }).type === 'success';
}

function toCall({ principal, action, resource, context, entities }: PolicyRequest): cedar.StatefulAuthorizationCall {
  return {
    principal,
    action,
    resource,
    context: toJson(context) as cedar.Context,
    entities: entities.map(({ uid, attributes, parents }) => ({
      uid,
      attrs: toJson(attributes) as Record<string, cedar.CedarValueJson>,
      parents: [...parents],
    })),
    validateRequest: false,
    preparsedPolicySetId: '',
  };
}

function toJson(value: CedarValue): unknown {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return rawJSON(value.toString());
  if (value instanceof CedarEntityRef) return { __entity: value.uid };
  if (value instanceof CedarExtension) return { __extn: { fn: value.constructorName, arg: value.text } };
  if (isList(value)) return value.map(toJson);
  const record: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(value)) record[key] = toJson(value[key] as CedarValue);
  return record;
}

function isList(value: CedarRecord | readonly CedarValue[]): value is readonly CedarValue[] {
  return Array.isArray(value);
}
