import { type Answer, type Client, post } from '#http/testing/client';
import { createPublicKey } from 'node:crypto';
import { generateSigningKey, type SigningKey } from '@surety/proof/jwk';
import { makeCertificate } from '#testing/make-certificate';
import { redirectUri } from '../interactive/testing/consent-rig.ts';
import { idJagType } from '../grants/id-jag.ts';
import { crmOf, erpOf, exchanging, type Parameters, type RaceGround, type RaceNeeds, type RaceWorld } from './race-world.ts';

/** One request for a token by the last agent, at one node, ready to be sent: its proof is known before. */
export type Attempt = {
  readonly send: () => Promise<Answer>;
  /** The key and the `jti` of the proof that the commit of the token spends. */
  readonly proof: { readonly jkt: string; readonly jti: string };
};

export type RacePath = {
  readonly needs?: RaceNeeds;
  /**
   * What the token stands on: the last agent's task in the chain, what was handed to it from above, its agent alone, what a
   * person agreed to (a task that is there, or a code for one that is not yet), or a key for which a platform or a document
   * vouches.
   */
  readonly stands: 'chain' | 'offer' | 'alone' | 'consent' | 'code' | 'platform' | 'document';
  /** An assertion for another company: what becomes of it there is not ours to see. */
  readonly isForeign?: boolean;
  /** Whether the token is to be handed on, and opens nothing itself. */
  readonly isOffer?: boolean;
  readonly prepare: (ground: RaceGround, world: RaceWorld, node: string) => Promise<Attempt>;
};

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Every way to a token. */
export const racePaths: Readonly<Record<string, RacePath>> = {
  'client credentials, a new task': {
    stands: 'alone',
    prepare: (_ground, { last }, node) => ready(last.client, node, {}),
  },
  'client credentials, a task of the chain': {
    stands: 'chain',
    prepare: (_ground, { last, tasks }, node) => ready(last.client, node, { task: tasks.last }),
  },
  'a delegation token': {
    stands: 'chain',
    isOffer: true,
    prepare: ({ authority }, { last, other, tasks }, node) =>
      ready(last.client, node, { resource: authority.issuer, may_act: other.id, task: tasks.last }),
  },
  'exchange of what was handed on': {
    stands: 'offer',
    prepare: (_ground, { last, offers }, node) => ready(last.client, node, exchanging(offers.pop() ?? '')),
  },
  'exchange for another resource': {
    stands: 'chain',
    prepare: ({ authority }, { last, token }, node) =>
      ready(last.client, node, exchanging(token, { resource: erpOf(authority) })),
  },
  'refresh token': {
    needs: 'consent',
    stands: 'consent',
    prepare: (_ground, { last, consent }, node) =>
      ready(
        last.client,
        node,
        { grant_type: 'refresh_token', refresh_token: consent?.refresh, resource: undefined },
        { key: last.key },
      ),
  },
  'authorization code': {
    needs: 'code',
    stands: 'code',
    prepare: (_ground, { last, codes }, node) => ready(last.client, node, redeeming(codes.pop()), { key: last.key }),
  },
  'authorization code of a program that a document describes': {
    needs: 'document',
    stands: 'document',
    prepare: (_ground, { last, codes, program }, node) =>
      ready(last.client, node, { ...redeeming(codes.pop()), client_id: program }, { key: generateSigningKey(), asserts: false }),
  },
  'client credentials, by a certificate': {
    stands: 'alone',
    prepare: ({ authority }, { last }, node) => {
      const form = { grant_type: 'client_credentials', client_id: last.id, resource: crmOf(authority) };
      return ready(last.client, node, form, { asserts: false, headers: { 'client-cert': certificateField(last.key) } });
    },
  },
  'the word of a platform': {
    needs: 'match',
    stands: 'platform',
    prepare: async ({ authority, platform }, { last }, node) => {
      const assertion = await platform.assertion({ sub: `repo:${last.id}`, repository: last.id });
      const form = { grant_type: jwtBearer, assertion, resource: last.client.form().get('resource') ?? authority.issuer };
      return ready(last.client, node, form, { key: generateSigningKey(), asserts: false });
    },
  },
  'an assertion for a partner': {
    needs: 'partner',
    stands: 'chain',
    isForeign: true,
    prepare: ({ partner }, { last, token }, node) =>
      ready(last.client, node, exchanging(token, { requested_token_type: idJagType, audience: partner, resource: undefined })),
  },
};

const redeeming = (code: RaceWorld['codes'][number] | undefined): Parameters => ({
  grant_type: 'authorization_code',
  code: code?.code,
  code_verifier: code?.verifier,
  redirect_uri: redirectUri,
  resource: undefined,
});

/** As a proxy says it that saw a certificate of this key (RFC 9440). */
function certificateField({ publicJwk, key }: SigningKey): string {
  const publicKey = createPublicKey({ key: { ...publicJwk }, format: 'jwk' });
  return `:${makeCertificate({ subject: 'Itself', publicKey, issuer: { subject: 'Itself', key } }).raw.toString('base64')}:`;
}

/** Signs everything now, so that sending is all that is left. */
export async function ready(
  client: Client,
  node: string,
  parameters: Parameters,
  {
    key = client.dpopKey,
    asserts = true,
    headers = {},
  }: { readonly key?: SigningKey; readonly asserts?: boolean; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Attempt> {
  await client.nonce();
  const jti = crypto.randomUUID();
  const form = asserts
    ? client.form(parameters)
    : new URLSearchParams(Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined));
  const dpop = client.proof({ jti }, {}, key);
  return { send: () => post(`${node}/token`, form, { ...headers, dpop }), proof: { jkt: key.jkt, jti } };
}
