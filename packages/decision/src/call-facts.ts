import type { PrincipalState, RiskTier } from '@surety/contract/agent';
import type { Approval } from '@surety/contract/approval';
import type { HopGrant } from '@surety/contract/delegation';
import type { ExactRecord } from '@surety/contract/exact-json';
import type { HistoryRule } from '@surety/contract/history';
import type { Human } from '@surety/contract/human';
import type { MandateDocument } from '@surety/contract/mandate';
import type { Effect } from '@surety/contract/system';
import type { Task } from '@surety/contract/task';
import type { HopPolicies } from './compile-hop.ts';
import type { CountFacts } from './counts/count-facts.ts';
import type { FlowFacts } from './flow/flow-facts.ts';
import type { MandatePolicies, PolicySet } from './policy-set.ts';

/**
 * Everything that one call is decided on, from the house's own records: nothing here comes from the caller but the
 * operation's name and the arguments. What was looked for and not found is undefined, and denies.
 */
export type CallFacts = Standing & {
  readonly operation: OperationFacts | undefined;
  /** As it was asked for; `systemName` and `operationName` may be unknown here. */
  readonly call: { readonly systemName: string; readonly operationName: string; readonly arguments: ExactRecord };
  /** The newest question about exactly this call, if there is one. */
  readonly approval: GivenApproval | undefined;
  /** What limits and rules about history have counted; absent where none concerns this call. */
  readonly counts?: CountFacts | undefined;
  /** Where the information came from; absent where no rule asks. */
  readonly flow?: FlowFacts | undefined;
};

/** What stands behind every call of one agent to one system, whatever the call is. */
export type Standing = {
  readonly nowMs: number;
  /** Whether this node's news of stops and changes is fresh enough to decide on. */
  readonly isFresh: boolean;
  readonly agent: AgentFacts | undefined;
  readonly owner: OwnerFacts | undefined;
  readonly task: TaskFacts | undefined;
  readonly system: SystemFacts | undefined;
  readonly mandate: MandateFacts | undefined;
  /**
   * Every agent above, the root's first, from the stored tree of tasks; this agent's own link is not among them. Undefined when
   * the path is not whole.
   */
  readonly chain: readonly LinkFacts[] | undefined;
  /** The person who asked for the root task; undefined when its agent acts on its own trigger, or the person is not known. */
  readonly requester: HumanFacts | undefined;
  /**
   * Of the human at the root: what the requester may, or, where nobody asked, what the owner of the root's agent may answer for.
   */
  readonly roles: readonly RoleFacts[];
  readonly organisation: OrganisationFacts | undefined;
};

export type AgentFacts = {
  readonly id: string;
  readonly name: string;
  readonly state: PrincipalState;
  readonly riskTier: RiskTier;
  readonly autonomy: MandateDocument['autonomy'];
  readonly owner: string;
};

/** An agent above: the task under which it passed something on, and what it stands on now. */
export type LinkFacts = {
  readonly agent: AgentFacts | undefined;
  readonly owner: OwnerFacts | undefined;
  readonly task: TaskFacts;
  readonly mandate: MandateFacts | undefined;
};

export type OwnerFacts = HumanFacts;

export type HumanFacts = {
  readonly id: string;
  readonly name: string;
  readonly state: Human['state'];
  readonly roles: readonly string[];
  readonly groups: readonly string[];
};

export type TaskFacts = {
  readonly id: string;
  readonly agent: string;
  readonly requester: string;
  readonly trigger: Task['trigger'];
  readonly state: Task['state'];
  readonly expiresAtMs: number;
  readonly parent: string | null;
  readonly root: string;
  readonly depth: number;
  /** What the hop to this task granted; null at a root. */
  readonly hop: HopFacts | null;
};

export type HopFacts = {
  /** As they were granted. */
  readonly details: HopGrant['details'];
  /** Names of systems; any, when null. */
  readonly audiences: readonly string[] | null;
  readonly depthLeft: number;
  readonly expiresAtMs: number;
  /** Null when nothing narrower than what is above was granted; undefined when it cannot be read. */
  readonly policies: HopPolicies | null | undefined;
};

export type SystemFacts = { readonly id: string; readonly name: string; readonly revision: number };

export type OperationFacts = { readonly name: string; readonly effect: Effect; readonly definitionDigest: string };

export type MandateFacts = {
  readonly id: string;
  readonly version: number;
  readonly documentDigest: string;
  readonly signatureHolds: boolean;
  /** Undefined when the document does not compile. */
  readonly policies: MandatePolicies | undefined;
};

export type RoleFacts = { readonly name: string; readonly revision: number; readonly policies: PolicySet | undefined };

export type OrganisationFacts = {
  readonly version: number;
  readonly policies: PolicySet | undefined;
  /** Rules about what happened before; none, when left out. */
  readonly rules?: readonly HistoryRule[] | undefined;
};

/** A question about one exact call and what became of it. What it was asked about must still be so, or it counts for nothing. */
export type GivenApproval = {
  readonly id: string;
  readonly state: Approval['state'];
  readonly callDigest: string;
  readonly effect: string;
  /** Digest of the operation's definition when it was asked. */
  readonly definition: string;
  readonly mandateVersion: number | null;
  readonly policyVersion: number;
  readonly validUntilMs: number | null;
};
