import type { Credential } from '@surety/contract/agent';
import { announce } from '#change/announce';
import type { Clock } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { record } from '#ledger/record';
import { type CredentialFact, lockCredential, saveCredential, viewCredential } from './credential-store.ts';
import type { RegistryHouse } from './registry-house.ts';

/** Ends a key and every token that is bound to it. Final; doing it again changes nothing. Fault `client.unknown`. */
export async function revokeCredential(
  house: RegistryHouse,
  actor: string,
  input: { readonly credential: string },
): Promise<Credential> {
  return house.db.transaction(async (tx) => {
    const credential = await lockCredential(tx, input.credential);
    if (credential.state === 'revoked') return viewCredential(credential);
    await announce(tx, await revokeCredentialRecorded(tx, house.clock, { credential, actor }));
    return viewCredential({ ...credential, state: 'revoked' });
  });
}

/** The same inside a transaction that does more. Returns what to announce. */
export async function revokeCredentialRecorded(
  tx: Tx,
  clock: Clock,
  { credential, actor }: { credential: CredentialFact; actor: string },
): Promise<Parameters<typeof announce>[1]> {
  await saveCredential(tx, { ...credential, state: 'revoked' });
  await record(tx, clock, {
    type: 'credential.revoked',
    actor,
    about: credential.principal,
    data: { credential: credential.id },
  });
  return [
    { what: 'changed', key: credential.id },
    { what: 'cutoff', key: credential.id },
  ];
}
