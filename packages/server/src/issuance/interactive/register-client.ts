import type { AgentId } from '@surety/contract/id';
import * as z from 'zod';
import { announce } from '#change/announce';
import type { Clock } from '#kernel/clock';
import type { Db, Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { houseActor } from '#kernel/house-actor';
import { newId } from '#kernel/id';
import { record } from '#ledger/record';
import { addKey } from '#registry/enrol-key';
import { hashCode } from '#registry/one-time-code';
import { isRedirectUri } from '#registry/redirect-uri';
import { registerAgentRecorded } from '#registry/register-agent';
import { useRegistration } from '#registry/registration-store';
import { shownName, typedName } from '#registry/shown-name';
import { saveRedirects } from './agent-redirect-store.ts';

const Key = z.record(z.string(), z.unknown());

/**
 * What a client says of itself (RFC 7591 §2), as far as it is taken. A member that is not here is left out, as §3.2.1 lets us.
 */
const Metadata = z.looseObject({
  client_name: z.string().max(500).optional(),
  redirect_uris: z.array(z.string().max(500)).max(20).default([]),
  token_endpoint_auth_method: z.literal('private_key_jwt'),
  grant_types: z
    .array(z.enum(['authorization_code', 'refresh_token', 'client_credentials']))
    .max(10)
    .optional(),
  response_types: z.array(z.literal('code')).max(1).optional(),
  jwks: z.looseObject({ keys: z.array(Key).min(1).max(5) }),
});

/** What is answered (RFC 7591 §3.2.1). There is no address to manage it by: a person does that. */
export type RegisteredClient = {
  readonly client_id: AgentId;
  readonly client_id_issued_at: number;
  readonly client_name: string;
  readonly redirect_uris: readonly string[];
  readonly grant_types: readonly string[];
  readonly response_types: readonly string[];
  readonly token_endpoint_auth_method: 'private_key_jwt';
  readonly jwks: { readonly keys: readonly object[] };
  readonly dpop_bound_access_tokens: true;
};

/**
 * A client registers itself with a token that a person made for it: it becomes a draft agent with its own keys, for which
 * whoever the token names answers, and gets nothing until it is started. Faults `registration.refused`,
 * `registration.metadata_refused`, `registration.redirect_refused`.
 */
export async function registerClient(
  { db, clock }: { readonly db: Db; readonly clock: Clock },
  { token, metadata }: { readonly token: string; readonly metadata: unknown },
): Promise<RegisteredClient> {
  return db.transaction(async (tx) => {
    const used = await useRegistration(tx, hashCode(token), new Date(clock()));
    if (used === undefined) throw new Fault('registration.refused');
    const { client_name: name, redirect_uris: redirects, jwks } = readMetadata(metadata);
    const agent = await addDraft(tx, clock, { name, owner: used.owner });
    const keys = [];
    for (const jwk of jwks.keys) keys.push(await addKeyOf(tx, clock, agent.id, jwk));
    const uris = [...new Set(redirects)].sort();
    await saveRedirects(tx, agent.id, uris);
    const data = { registration: used.id, credentials: keys.map(({ id }) => id), redirects: uris };
    await record(tx, clock, { type: 'registration.used', actor: houseActor, about: agent.id, data });
    await announce(tx, [{ what: 'changed', key: agent.id }]);
    return {
      client_id: agent.id,
      client_id_issued_at: Math.floor(clock() / 1_000),
      client_name: agent.displayName,
      redirect_uris: uris,
      grant_types: [...(uris.length > 0 ? ['authorization_code', 'refresh_token'] : []), 'client_credentials'],
      response_types: uris.length > 0 ? ['code'] : [],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: keys.map(({ jwk, jkt }) => ({ ...jwk, kid: jkt })) },
      dpop_bound_access_tokens: true,
    };
  });
}

/** A shared secret is not asked for, in any form: not by name, and not by leaving out how it authenticates (§2). */
function readMetadata(metadata: unknown): z.infer<typeof Metadata> {
  const read = Metadata.safeParse(metadata);
  if (!read.success) {
    const issues = read.error.issues.map(({ path, message }) => ({ path: `/${path.join('/')}`, message }));
    throw new Fault('registration.metadata_refused', undefined, { issues: issues.slice(0, 5) });
  }
  const said = read.data;
  const refused = ['client_secret', 'jwks_uri', 'software_statement'].find((name) => name in said);
  if (refused !== undefined)
    throw new Fault('registration.metadata_refused', undefined, {
      issues: [{ path: `/${refused}`, message: 'is not taken here' }],
    });
  if (!said.redirect_uris.every(isRedirectUri)) throw new Fault('registration.redirect_refused');
  return said;
}

async function addDraft(tx: Tx, clock: Clock, { name, owner }: { readonly name: string | undefined; readonly owner: string }) {
  const displayName = shownName(name) ?? 'A client that registered itself';
  return registerAgentRecorded(tx, clock, {
    actor: houseActor,
    name: typedName('registered', displayName, newId('agent', clock())),
    displayName,
    purpose: 'Not said yet. It registered itself.',
    owner,
    deputies: [],
    riskTier: 'high',
    autonomy: 'observe',
    manifest: {},
  });
}

async function addKeyOf(tx: Tx, clock: Clock, agent: string, { kid: _kid, ...jwk }: Readonly<Record<string, unknown>>) {
  try {
    return await addKey(tx, clock, { principal: agent, jwk, label: 'registered by itself' });
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code !== 'key.refused') throw thrown;
    const issues = [{ path: '/jwks/keys', message: 'expected public ES256 or EdDSA keys for signatures, that nobody else has' }];
    throw new Fault('registration.metadata_refused', undefined, { issues });
  }
}
