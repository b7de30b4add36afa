import type { AccessReason } from '@surety/contract/authzen';
import type { Reason } from '@surety/contract/decision';

/** What the house comes to about one question, before it is recorded and answered. */
export type Judgement = {
  readonly decision: boolean;
  readonly reason: AccessReason | Reason;
  /** Members of `context` in the answer, beside the reason and the evaluation id. */
  readonly context: { readonly [member: string]: unknown };
  /** What it was decided on. Keys of the PEP are not among them. */
  readonly keys: readonly string[];
  /** Inputs of the decision point, where it decided: sealed beside the entry. */
  readonly inputs?: Buffer;
  /** The yes that is used up with the answer, and the action it was given for. */
  readonly approval?: { readonly id: string; readonly usedBy: string };
};

export function refusal(
  reason: AccessReason | Reason,
  context: Judgement['context'] = {},
  keys: readonly string[] = [],
): Judgement {
  return { decision: false, reason, context, keys };
}
