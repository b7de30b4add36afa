import { calculateJwkThumbprint, type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';

/** RFC 7518 §6.2.1, and nothing that is optional. */
export type EcPublicJwk = { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string };

/**
 * A P-256 key that its holder proves itself with. The private half is a WebCrypto handle that cannot be read out:
 * it signs, and never leaves. `jkt` is the RFC 7638 thumbprint.
 */
export type SigningKey = {
  readonly alg: 'ES256';
  readonly privateKey: CryptoKey;
  readonly publicJwk: EcPublicJwk;
  readonly jkt: string;
};

/** A key in memory only, for those who enrol at every start. It ends with the process. */
export async function createSigningKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: false });
  return holdKey(privateKey, await exportJWK(publicKey));
}

/** A new private key as JWK, to be stored once by who stores keys; then held with `importSigningKey`. */
export async function createPrivateJwk(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return exportJWK(privateKey);
}

/** Takes a private JWK (RFC 7517, EC P-256) into custody. Throws `TypeError` for any other key. */
export async function importSigningKey(jwk: JWK): Promise<SigningKey> {
  const { kty, crv, x, y, d } = jwk;
  if (kty !== 'EC' || crv !== 'P-256' || x === undefined || y === undefined || d === undefined) return refuse();
  const privateKey = await importJWK({ kty, crv, x, y, d }, 'ES256', { extractable: false });
  return privateKey instanceof Uint8Array ? refuse() : holdKey(privateKey, jwk);
}

async function holdKey(privateKey: CryptoKey, { x, y }: JWK): Promise<SigningKey> {
  if (x === undefined || y === undefined) return refuse();
  const publicJwk = { kty: 'EC', crv: 'P-256', x, y } as const;
  return { alg: 'ES256', privateKey, publicJwk, jkt: await calculateJwkThumbprint(publicJwk, 'sha256') };
}

function refuse(): never {
  throw new TypeError('The key is not a private EC P-256 key.');
}

/** Signs claims as a compact JWS (RFC 7515 §3.1) with `typ`, and the thumbprint as `kid` or the key itself as `jwk`. */
export function signClaims(
  key: SigningKey,
  header: { readonly typ: string; readonly withKey?: boolean },
  claims: object,
): Promise<string> {
  const named = header.withKey === true ? { jwk: key.publicJwk } : { kid: key.jkt };
  return new SignJWT({ ...claims }).setProtectedHeader({ alg: key.alg, typ: header.typ, ...named }).sign(key.privateKey);
}
