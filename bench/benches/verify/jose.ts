import { calculateJwkThumbprint, EmbeddedJWK, importJWK, type JWTPayload, jwtVerify } from 'jose';
import { endsHere, type Seen, seenProofs } from './peer-state.ts';
import type { SignedCall, Verifier } from './calls.ts';
import type { World } from './world.ts';

/**
 * What a service writes with jose: both tokens verified by `jwtVerify`, the proof's key by `EmbeddedJWK`, and the checks of
 * RFC 9449 §4.3 that are left. The issuer's key is imported once.
 */
export function joseVerifier(world: World): Verifier {
  const issuerKey = importJWK({ ...world.issuerKey.publicJwk, alg: 'ES256' });
  const seen = seenProofs();
  const verify = async (call: SignedCall): Promise<void> => {
    const access = { issuer: world.issuer, audience: world.resource, typ: 'at+jwt', algorithms: ['ES256'] };
    const { payload } = await jwtVerify(call.token, await issuerKey, access);
    const proof = await jwtVerify(call.proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: ['ES256'],
      maxTokenAge: 60,
      clockTolerance: 5,
    });
    const { jwk } = proof.protectedHeader;
    if (jwk === undefined) throw new Error('the proof carries no key');
    const jkt = await calculateJwkThumbprint(jwk);
    checkProof(call, proof.payload, world.resource);
    const { cnf, sub } = payload as { cnf?: { jkt?: string }; sub?: string };
    if (cnf?.jkt !== jkt) throw new Error('the proof is by another key');
    spend(seen, jkt, proof.payload);
    if (endsHere(world, sub ?? '')) throw new Error('the agent was stopped');
  };
  return { name: 'jose 6', verify };
}

function checkProof(call: SignedCall, { htm, htu, ath, nonce }: JWTPayload, resource: string): void {
  if (htm !== 'POST' || htu !== resource || ath !== call.ath || nonce !== call.nonce)
    throw new Error('the proof is for something else');
}

function spend(seen: Seen, jkt: string, { jti }: JWTPayload): void {
  if (jti === undefined || !seen.spend(`${jkt}.${jti}`)) throw new Error('the proof was used before');
}
