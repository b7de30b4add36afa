import type { KeyObject } from 'node:crypto';
import type { RequestHead } from '@surety/contract/enforcement';
import { hashAccessToken } from '@surety/proof/dpop';
import { derFromRaw } from '@surety/proof/ecdsa-signature';
import { generateSigningKey, publicKeyOf, type SigningKey } from '@surety/proof/jwk';
import { nowSeconds, signProof } from '../../load/sign.ts';
import type { SignedToken, World } from './world.ts';

/** One call in every form that a verifier may want it in, so that none pays for making its own. */
export type SignedCall = {
  readonly token: string;
  readonly ath: string;
  readonly proof: string;
  readonly nonce: string;
  readonly head: RequestHead;
  readonly request: Request;
  /** The proof's signature and nothing else. */
  readonly bare: { readonly text: Buffer; readonly signature: Buffer; readonly key: KeyObject };
};

/** A party that says whether a call is by whom it says. Throws, or rejects, when it is not. */
export type Verifier = { readonly name: string; readonly verify: (call: SignedCall) => unknown };

export function signCalls(world: World, tokens: readonly SignedToken[], count: number): readonly SignedCall[] {
  return Array.from({ length: count }, (_, at) => {
    const token = tokens[at % tokens.length];
    if (token === undefined) throw new RangeError('there are no tokens');
    return signCall(world, token);
  });
}

export type CallChanges = { readonly key?: SigningKey; readonly url?: string; readonly iat?: number; readonly ath?: string };

function signCall(
  world: World,
  signed: SignedToken,
  { key = signed.holder.key, url = world.resource, iat, ath }: CallChanges = {},
): SignedCall {
  const token = asReceived(signed.token);
  const hash = hashAccessToken(token);
  const nonce = world.nonces.issue(Date.now());
  const proof = asReceived(signProof(key, { url, nonce, ath: ath ?? hash, ...(iat === undefined ? {} : { iat }) }));
  const authorization = asReceived(`DPoP ${token}`);
  return {
    token,
    ath: hash,
    proof,
    nonce,
    head: { method: 'POST', url: world.resource, audience: world.resource, authorization, dpop: [proof] },
    request: new Request(world.resource, { method: 'POST', headers: { authorization, dpop: proof } }),
    bare: bareOf(proof, key),
  };
}

/** In one piece, as off a socket: a string that was put together is not whole until it is first read. */
function asReceived(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function bareOf(proof: string, key: SigningKey): SignedCall['bare'] {
  const end = proof.lastIndexOf('.');
  const signature = derFromRaw(Buffer.from(proof.slice(end + 1), 'base64url'));
  if (signature === undefined) throw new Error('a signature of our own has no form');
  return { text: Buffer.from(proof.slice(0, end), 'latin1'), signature, key: publicKeyOf(key).key };
}

/** A call that holds, and calls that do not, each with what is wrong about it. */
export function signForgeries(world: World): {
  readonly fresh: SignedCall;
  readonly forged: readonly (readonly [string, SignedCall])[];
} {
  const holder = world.agentAt(0);
  const token = world.signToken(holder);
  const stranger = generateSigningKey();
  const past = nowSeconds() - 600;
  return {
    fresh: signCall(world, token),
    forged: [
      ['a proof by another key', signCall(world, token, { key: stranger })],
      ['a proof for another address', signCall(world, token, { url: `${world.resource}x` })],
      ['a proof that is old', signCall(world, token, { iat: past })],
      ['a proof for another token', signCall(world, token, { ath: hashAccessToken('another') })],
      ['a token by another issuer', signCall(world, world.signToken(holder, {}, stranger))],
      ['a token that has expired', signCall(world, world.signToken(holder, { iat: past, exp: past + 300 }))],
      ['a token for somebody else', signCall(world, world.signToken(holder, { aud: 'https://gateway.example/mcp/bank' }))],
      ['a token of an agent that was stopped', signCall(world, world.signToken(world.stopped))],
    ],
  };
}
