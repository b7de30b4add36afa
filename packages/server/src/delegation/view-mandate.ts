import type { Mandate } from '@surety/contract/mandate';
import { mandateSentences } from '@surety/decision/mandate-sentences';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { type CredentialFact, listCredentials } from '#registry/credential-store';
import { checkStoredMandate } from './mandate-signature.ts';
import type { StoredMandate } from './mandate-store.ts';

/** Said first of a mandate whose signature does not match what is stored. Nothing in it permits anything. */
export const brokenSignature = 'The signature does not match: this mandate was changed after it was given, and permits nothing.';

/** A mandate as the API shows it, its sentences made from its document. Fault `internal` for a row that holds no mandate. */
export async function viewMandate(tx: Tx, stored: StoredMandate): Promise<Mandate> {
  return viewWith(stored, await listCredentials(tx, stored.givenBy));
}

/** The same for many. */
export async function viewMandates(tx: Tx, many: readonly StoredMandate[]): Promise<Mandate[]> {
  const credentials = new Map<string, readonly CredentialFact[]>();
  for (const giver of new Set(many.map(({ givenBy }) => givenBy))) credentials.set(giver, await listCredentials(tx, giver));
  return many.map((stored) => viewWith(stored, credentials.get(stored.givenBy) ?? []));
}

function viewWith(stored: StoredMandate, credentials: readonly CredentialFact[]): Mandate {
  const { document, signatureHolds } = checkStoredMandate(stored, credentials);
  if (document === undefined) throw new Fault('internal', `the document of ${stored.id} cannot be read`);
  const sentences = mandateSentences(document);
  return { ...stored, document, sentences: signatureHolds ? sentences : [brokenSignature, ...sentences] };
}
