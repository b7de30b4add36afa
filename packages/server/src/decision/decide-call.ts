import type { Call } from '@surety/contract/call';
import type { Decision } from '@surety/contract/decision';
import type { AuthenticatedCaller, GuardedSystem } from '@surety/contract/enforcement';
import type { CallFacts, GivenApproval } from '@surety/decision/call-facts';
import { openCedar } from '@surety/decision/cedar-engine';
import { couldPermit } from '@surety/decision/could-permit';
import { decide } from '@surety/decision/decide';
import { decideStanding } from '@surety/decision/decide-standing';
import type { PolicyEngine } from '@surety/decision/policy-engine';
import type { Flow } from '#flow/open-flow';
import type { Db } from '#kernel/db';
import type { Meters } from '#metering/meters';
import { writeInputs } from './call-inputs.ts';
import type { Comparison } from './compare-engines.ts';
import { type FactRoom, type Fence, gather, type Gathered } from './gather.ts';
import { gatherCallFlow } from './gather-call-flow.ts';
import { type CountedUnit, countUnit, gatherCounts } from './gather-counts.ts';
import { openPolicyShelf } from './policy-shelf.ts';
import { recompute, type RecordedDecision, type Recomputation } from './recompute.ts';

export type DeciderRoom = FactRoom & {
  readonly db: Db;
  /** Has a share of the decisions looked at by the official engine; none, when left out. */
  readonly comparison?: Pick<Comparison, 'note'> | undefined;
  /** Decides by proposals as well, beside the work; by none, when left out. */
  readonly shadow?: { note(facts: CallFacts, decision: Decision): void } | undefined;
  /** Evaluates Cedar; our own when left out. */
  readonly engine?: PolicyEngine;
  /** What trees of tasks have seen; left out, nothing is known of it. */
  readonly flow?: Pick<Flow, 'gather'> | undefined;
  /** Counts what agents do; left out, nothing is counted, and what a limit concerns is denied. */
  readonly meters?: Meters | undefined;
};

/** A decision, what it was made on, and what the ledger says beside it. */
export type Judged = {
  readonly decision: Decision;
  readonly fence: Fence;
  /** Everything that was read, to be sealed beside the entry: `call-inputs.ts`. */
  readonly inputs: Buffer;
  /** The person who answers; empty when nobody is known to. */
  readonly answerable: string;
  /** Who asked at the root of the task: a person, or the agent there that began by itself. */
  readonly requester: string;
  readonly effect: string;
  /** Digest of the operation's definition; empty for one that is not known. */
  readonly definition: string;
  readonly mandate: { readonly id: string; readonly version: number } | null;
  readonly policyVersion: number;
  /** How a permitted call is counted; undefined for what nothing counts. */
  readonly counted?: CountedUnit | undefined;
};

export type Decider = {
  /**
   * Decides one call on what is true now (steps 3 and 4 of its life). `approval` is the newest question about this call, as
   * it is stored; it lifts a hold only when what was asked is still what would happen. Faults `token.ended`,
   * `service.not_ready`.
   */
  decide(caller: AuthenticatedCaller, call: Call, approval?: GivenApproval): Promise<Judged>;
  /** Whether the caller may ask for anything at all: house, agent, owner and task are live. Same faults. */
  standing(caller: AuthenticatedCaller): Promise<Pick<Judged, 'decision' | 'fence'>>;
  /** The operations that the caller could be permitted to call with some arguments. Same faults. */
  listable(caller: AuthenticatedCaller, system: GuardedSystem): Promise<ReadonlySet<string>>;
  /** Computes a decision again from its record. Never throws for what the record says. */
  recompute(inputs: Uint8Array, recorded: RecordedDecision): Promise<Recomputation>;
};

/** The decision point of this process. */
export function createDecider(room: DeciderRoom): Decider {
  const engine = room.engine ?? openCedar();
  const shelf = openPolicyShelf(engine);
  return {
    async decide(caller, call, approval) {
      const gathered = await gather(room, shelf, caller, call.system);
      const flow = await gatherCallFlow(room, { gathered, caller, call });
      const uncounted = { ...factsOf(gathered, call, approval), flow: flow.facts };
      const counted = await gatherCounts(room, uncounted);
      const facts = counted.counts === undefined ? uncounted : { ...uncounted, counts: counted.counts };
      const decision = decide(facts, engine);
      const inputs = writeInputs({ caller, call, facts, gathered, decision });
      room.comparison?.note({ facts, decision, inputs });
      room.shadow?.note(facts, decision);
      const isApproved = decision.reason === 'approved';
      return {
        decision,
        fence: { ...gathered.fence, keys: [...new Set([...gathered.fence.keys, ...flow.keys])] },
        inputs,
        answerable: gathered.answerable,
        requester: gathered.requester,
        effect: facts.operation?.effect ?? 'unknown',
        definition: facts.operation?.definitionDigest ?? '',
        mandate: facts.mandate === undefined ? null : { id: facts.mandate.id, version: facts.mandate.version },
        policyVersion: facts.organisation?.version ?? 0,
        counted: decision.outcome === 'permit' ? await countUnit(room, counted, { gathered, isApproved }) : undefined,
      };
    },
    async standing(caller) {
      const { standing, fence } = await gather(room, shelf, caller, undefined);
      return { decision: decideStanding(standing), fence };
    },
    async listable(caller, system) {
      const { standing, system: known } = await gather(room, shelf, caller, system.name);
      return couldPermit(standing, known?.operations.values() ?? [], engine);
    },
    recompute: (inputs, recorded) => recompute({ db: room.db, engine }, inputs, recorded),
  };
}

function factsOf(
  { standing, system }: Gathered,
  { system: systemName, operation, arguments: args }: Call,
  approval: GivenApproval | undefined,
): CallFacts {
  return {
    ...standing,
    operation: system?.operations.get(operation),
    call: { systemName, operationName: operation, arguments: args },
    approval,
  };
}
