import type { PrincipalId } from '@surety/contract/id';
import type { CredentialId } from '@surety/contract/id';
import type { Caller } from '#kernel/answer';
import type { Tx } from '#kernel/db';
import { getPrincipal } from './find-principal.ts';
import type { PrincipalKind } from './principal.ts';

export type WhoAmI = {
  readonly principal: PrincipalId;
  readonly kind: PrincipalKind;
  readonly name: string;
  readonly displayName: string;
  readonly credential: CredentialId;
};

/** Who is asking, and with which key. */
export async function whoAmI(tx: Tx, { principal, credential }: Caller): Promise<WhoAmI> {
  const { kind, one } = await getPrincipal(tx, principal);
  return { principal: one.id, kind, name: one.name, displayName: one.displayName, credential: credential as CredentialId };
}
