import { toPlain } from '@surety/contract/exact-json';
import type { Human } from '@surety/contract/human';
import { importPublicKey } from '@surety/proof/jwk';
import { type ParsedJws, readJws, verifyJws } from '@surety/proof/jws';
import { ProofError } from '@surety/proof/proof-error';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { type CredentialFact, listActiveCredentials } from './credential-store.ts';
import { findHuman } from './human-store.ts';

/** What a person signs. */
export type SignedType = 'surety-approval+jwt' | 'surety-mandate+jwt';

/** Where people and their keys are looked up: facts in memory, or the transaction at hand. */
export type SignerFacts = {
  human(id: string): Promise<Human | undefined>;
  credentialsOf(principal: string): Promise<readonly CredentialFact[]>;
};

/** How many keys are tried when the signature does not name its own. */
const maxTried = 20;

/**
 * The claims of a compact JWS that an active person signed with an active enrolled key of their own, as plain JSON. They
 * are authentic and otherwise unchecked. Fault `signature.invalid` for everything else, whatever it is.
 */
export async function verifyHumanSignature(
  from: Tx | SignerFacts,
  humanId: string,
  jws: string,
  typ: SignedType,
): Promise<unknown> {
  const facts = 'query' in from ? signerFactsIn(from) : from;
  const human = await facts.human(humanId);
  if (human?.state !== 'active') throw new Fault('signature.invalid', 'the signer is not an active person');
  const active = (await facts.credentialsOf(humanId)).filter((credential) => credential.state === 'active');
  const claims = claimsSignedBy(active, jws, typ);
  if (claims === undefined) throw new Fault('signature.invalid');
  return claims;
}

function signerFactsIn(tx: Tx): SignerFacts {
  return { human: (id) => findHuman(tx, id), credentialsOf: (principal) => listActiveCredentials(tx, principal) };
}

/** The claims of a JWS signed with one of these keys, as plain JSON; undefined when it is malformed or signed by none. */
export function claimsSignedBy(credentials: readonly CredentialFact[], jws: string, typ: SignedType): unknown {
  const parsed = readOrUndefined(jws, typ);
  if (parsed === undefined) return undefined;
  const candidates =
    parsed.kid === undefined ? credentials.slice(0, maxTried) : credentials.filter(({ jkt }) => jkt === parsed.kid);
  return candidates.some((credential) => isSignedBy(parsed, credential)) ? toPlain(parsed.claims) : undefined;
}

function readOrUndefined(jws: string, typ: SignedType): ParsedJws | undefined {
  try {
    return readJws(jws, { typ });
  } catch (thrown) {
    if (thrown instanceof ProofError) return undefined;
    throw thrown;
  }
}

/** A stored key that cannot be read, or whose thumbprint is not the stored one, signs nothing. */
function isSignedBy(parsed: ParsedJws, { jwk, jkt }: CredentialFact): boolean {
  try {
    const key = importPublicKey(jwk);
    return key.jkt === jkt && verifyJws(parsed, key);
  } catch (thrown) {
    if (thrown instanceof ProofError) return false;
    throw thrown;
  }
}
