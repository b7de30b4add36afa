import * as oauth from 'oauth4webapi';
import { endsHere, seenProofs } from './peer-state.ts';
import type { SignedCall, Verifier } from './calls.ts';
import type { World } from './world.ts';

/**
 * `validateJwtAccessToken` with DPoP demanded. The issuer's keys are in its cache from the beginning and nothing is fetched.
 * It does not check nonces; it leaves replay and revocation to whoever calls it.
 */
export function oauth4webapiVerifier(world: World): Verifier {
  const { issuer, issuerKey, resource } = world;
  const server: oauth.AuthorizationServer = { issuer, jwks_uri: `${issuer}/jwks` };
  const keys = { keys: [{ ...issuerKey.publicJwk, kid: issuerKey.kid, alg: 'ES256', use: 'sig' }] };
  const options: oauth.ValidateJWTAccessTokenOptions = {
    requireDPoP: true,
    signingAlgorithms: ['ES256'],
    [oauth.jwksCache]: {},
    [oauth.customFetch]: async () => Response.json(keys),
  };
  const seen = seenProofs();
  const verify = async ({ request, proof }: SignedCall): Promise<void> => {
    const claims = await oauth.validateJwtAccessToken(server, request, resource, options);
    const { jkt } = claims.cnf ?? {};
    const { jti } = JSON.parse(Buffer.from(proof.split('.')[1] ?? '', 'base64url').toString('utf8')) as { jti: string };
    if (!seen.spend(`${jkt}.${jti}`)) throw new Error('the proof was used before');
    if (endsHere(world, claims.sub)) throw new Error('the agent was stopped');
  };
  return { name: 'oauth4webapi 3', verify };
}
