import { type ExactRecord, toPlain } from '@surety/contract/exact-json';
import * as z from 'zod';
import { isRedirectUri } from '#registry/redirect-uri';

/** What a client says of itself (RFC 7591 §2), as far as it is believed. Its name is shown nowhere but on a draft. */
export type ClientDocument = {
  readonly name: string | undefined;
  readonly redirects: readonly string[];
  /** How it proves itself: by a key of the document, or not at all, and then by PKCE and the key of its proof alone. */
  readonly method: 'none' | 'private_key_jwt';
  readonly keys: ClientKeys | undefined;
};

/** Where the keys are: in the document, or at an address on the same host. */
export type ClientKeys = { readonly inline: readonly Readonly<Record<string, unknown>>[] } | { readonly url: string };

const Key = z.record(z.string(), z.unknown());
const Document = z.looseObject({
  client_id: z.string(),
  client_name: z.string().max(500).optional(),
  redirect_uris: z.array(z.string().max(500)).min(1).max(20),
  token_endpoint_auth_method: z.enum(['none', 'private_key_jwt']).default('none'),
  grant_types: z.array(z.string().max(200)).max(20).optional(),
  response_types: z.array(z.string().max(50)).max(10).optional(),
  jwks: z.looseObject({ keys: z.array(Key).min(1).max(10) }).optional(),
  jwks_uri: z.string().max(500).optional(),
});

/** Members that make a key one that nobody else may know. */
const secret = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * Reads the document of a client (draft-ietf-oauth-client-id-metadata-document §4): it names exactly its own address, has
 * no shared secret in any form, and says where a browser may be sent. Throws an `Error` that says why not, for operators.
 */
export function readClientDocument(document: ExactRecord, url: string): ClientDocument {
  const read = Document.safeParse(toPlain(document));
  if (!read.success) throw new Error('the document is not that of a client');
  const { data } = read;
  if (data.client_id !== url) throw new Error('the document names another client than its address');
  if ('client_secret' in data || 'client_secret_expires_at' in data) throw new Error('the document has a shared secret');
  if (!data.redirect_uris.every(isRedirectUri)) throw new Error('a redirect address of the document cannot receive a browser');
  if (data.grant_types?.includes('authorization_code') === false) throw new Error('the document asks for other grants');
  if (data.response_types?.includes('code') === false) throw new Error('the document asks for other answers than a code');
  const method = data.token_endpoint_auth_method;
  return { name: data.client_name, redirects: data.redirect_uris, method, keys: keysOf(data, { url, method }) };
}

function keysOf(
  { jwks, jwks_uri: address }: z.infer<typeof Document>,
  { url, method }: { readonly url: string; readonly method: ClientDocument['method'] },
): ClientKeys | undefined {
  if (jwks?.keys.some((key) => secret.some((member) => member in key) || key['kty'] === 'oct') === true)
    throw new Error('the document publishes a key that is not public');
  if (method === 'none') return undefined;
  if ((jwks === undefined) === (address === undefined)) throw new Error('the document has no keys, or has them twice');
  if (jwks !== undefined) return { inline: jwks.keys };
  if (URL.parse(address ?? '')?.origin !== new URL(url).origin) throw new Error('the keys of the document are on another host');
  return { url: address ?? '' };
}
