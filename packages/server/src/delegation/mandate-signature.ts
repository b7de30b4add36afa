import { MandateClaims } from '@surety/contract/approval';
import { MandateDocument } from '@surety/contract/mandate';
import { Fault } from '#kernel/fault';
import type { CredentialFact } from '#registry/credential-store';
import { claimsSignedBy } from '#registry/human-signature';
import { mandateDigest } from './mandate-digest.ts';
import type { StoredMandate } from './mandate-store.ts';

/** A stored mandate after its signature was looked at. `document` is undefined when what is stored is no mandate at all. */
export type CheckedMandate = { readonly document: MandateDocument | undefined; readonly signatureHolds: boolean };

/**
 * Looks at a mandate as the database gives it back, believing nothing in the row: the document must have the digest that a
 * key of its giver signed, for the agent that the row is of. `credentials` are all keys the giver ever enrolled: a key
 * that was revoked later does not undo what it signed.
 */
export function checkStoredMandate(stored: StoredMandate, credentials: readonly CredentialFact[]): CheckedMandate {
  const read = MandateDocument.safeParse(stored.document);
  if (!read.success) return { document: undefined, signatureHolds: false };
  const document = read.data;
  const claims = MandateClaims.safeParse(claimsSignedBy(credentials, stored.signature, 'surety-mandate+jwt'));
  const digest = digestOrUndefined(document);
  const isSame = document.agent === stored.agent && digest === stored.documentDigest;
  return {
    document,
    signatureHolds: isSame && claims.success && claims.data.digest === digest && claims.data.agent === stored.agent,
  };
}

function digestOrUndefined(document: MandateDocument): string | undefined {
  try {
    return mandateDigest(document);
  } catch (thrown) {
    if (thrown instanceof Fault) return undefined;
    throw thrown;
  }
}
