import type { Condition, Decision } from '@surety/contract/decision';
import { decide } from '@surety/decision/decide';
import { explain } from '@surety/decision/explain';
import { explainTree, type TreeLine } from '@surety/decision/explain-tree';
import type { PolicyEngine } from '@surety/decision/policy-engine';
import type { Tx } from '#kernel/db';
import { type CallInputs, readInputs } from './call-inputs.ts';
import { openKeptDocuments } from './kept-documents.ts';

/** What the ledger entry says was decided. */
export type RecordedDecision = Pick<Decision, 'reason' | 'link' | 'policies'>;

/** The pieces of an explanation, from the kept inputs alone. */
export type Recomputation = {
  /**
   * `same`: the kept inputs lead to what the entry says. `different`: they do not. `not_possible`: the record or one of the
   * documents is missing or is no longer what was decided on.
   */
  readonly recomputed: 'same' | 'different' | 'not_possible';
  /** Undefined when it is not possible. */
  readonly inputs: CallInputs | undefined;
  readonly conditions: Condition[];
  readonly policies: string[];
  readonly because: string;
  readonly mandateVersion: number | null;
  /** What was decided, computed again. Undefined when it is not possible. */
  readonly decision: Decision | undefined;
  /** Every line judged by itself, worked out when it is asked for. Empty when it is not possible. */
  readonly lines: () => readonly TreeLine[];
};

/** Reasons that are found after the decision, while it is committed: it stood as it was, and the call failed for this. */
const afterwards: readonly string[] = [
  'proof.replayed',
  'house.not_ready',
  'approval.refused',
  'approval.used',
  'approval.expired',
  'operation.unknown',
];

/** Computes a decision again from its opened record and the stored versions of the documents that it names. */
export async function recompute(
  { db, engine }: { readonly db: Tx; readonly engine: PolicyEngine },
  record: Uint8Array,
  recorded: RecordedDecision,
): Promise<Recomputation> {
  const inputs = readInputs(record);
  if (inputs === undefined) return notPossible(undefined);
  const documents = openKeptDocuments(db, engine);
  try {
    const facts = await documents.factsOf(inputs);
    if (facts === undefined) return notPossible(inputs);
    const decision = decide(facts, engine);
    const asKept = isSame(decision, inputs.decision) && decision.outcome === inputs.decision.outcome;
    const asRecorded = isSame(inputs.decision, recorded) || afterwards.includes(recorded.reason);
    return {
      recomputed: asKept && asRecorded ? 'same' : 'different',
      inputs,
      conditions: decision.conditions.length > 0 ? decision.conditions : [...explain(facts, decision)],
      policies: decision.policies,
      because: decision.because,
      mandateVersion: inputs.mandate?.version ?? null,
      decision,
      lines: () => explainTree(facts, engine, decision),
    };
  } finally {
    documents.close();
  }
}

function notPossible(inputs: CallInputs | undefined): Recomputation {
  return {
    recomputed: 'not_possible',
    inputs,
    conditions: [],
    policies: inputs?.decision.policies ?? [],
    because: inputs?.decision.because ?? '',
    mandateVersion: inputs?.mandate?.version ?? null,
    decision: undefined,
    lines: () => [],
  };
}

function isSame(one: RecordedDecision, other: RecordedDecision): boolean {
  return one.reason === other.reason && one.link === other.link && one.policies.join('\n') === other.policies.join('\n');
}
