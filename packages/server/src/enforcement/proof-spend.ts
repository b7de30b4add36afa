import type { AuthenticatedCaller } from '@surety/contract/enforcement';
import { type Spend, spendKey } from '#ledger/commit-queue';

/** How long a spent proof is remembered past its `iat`, in milliseconds: freshness each way, and a minute of slack. */
const keptMs = 180_000;

/** The proof that carried a request, to be spent with the commit of what it asks for (RFC 9449 §11.1). */
export function proofSpend(caller: AuthenticatedCaller): Spend {
  return { key: spendKey('dpop', caller.jkt, caller.proofId), expiresAtMs: caller.proofIssuedAtSeconds * 1000 + keptMs };
}
