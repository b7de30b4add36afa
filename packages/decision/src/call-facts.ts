import type { PrincipalState, RiskTier } from '@surety/contract/agent';
import type { Approval } from '@surety/contract/approval';
import type { ExactRecord } from '@surety/contract/exact-json';
import type { Human } from '@surety/contract/human';
import type { MandateDocument } from '@surety/contract/mandate';
import type { Effect } from '@surety/contract/system';
import type { Task } from '@surety/contract/task';
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

export type OwnerFacts = {
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

export type OrganisationFacts = { readonly version: number; readonly policies: PolicySet | undefined };

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
