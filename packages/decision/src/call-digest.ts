import { createHash } from 'node:crypto';
import { type CallSubstance, callText } from '@surety/contract/call';

export type { CallSubstance } from '@surety/contract/call';

/** SHA-256 (base64url) over the one text of a call: the name of exactly this call. `1.0` and `1` are one value. */
export function digestCall(call: CallSubstance): string {
  return createHash('sha256').update(callText(call)).digest('base64url');
}
