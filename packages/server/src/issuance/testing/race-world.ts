import assert from 'node:assert/strict';
import { MandateDocument } from '@surety/contract/mandate';
import { generateSigningKey, type SigningKey } from '@surety/proof/jwk';
import { signJws } from '@surety/proof/jws';
import { giveMandate } from '#delegation/give-mandate';
import { mandateDigest } from '#delegation/mandate-digest';
import { addMatch } from '#federation/add-match';
import { introduceAgent } from '#federation/introduce-agent';
import type { DocumentHost } from '#federation/testing/document-host';
import type { Platform } from '#federation/testing/platform';
import type { Authority } from '#http/testing/authority';
import { type Client, openClient, type Principal } from '#http/testing/client';
import { accessTokenType, tokenExchangeGrant } from '../grants/token-exchange.ts';
import { setRedirects } from '../interactive/set-redirects.ts';
import { openConsentRig } from '../interactive/testing/consent-rig.ts';

export type Parameters = Readonly<Record<string, string | undefined>>;

/** An agent in a chain, with who signs its mandates. */
export type Party = Principal & { readonly client: Client };

/** A chain of three agents, the work of each below that of the one before; the last is the one that asks for tokens. */
export type RaceWorld = {
  readonly root: Party;
  readonly middle: Party;
  readonly last: Party;
  /** Someone to whom the last could hand work on. */
  readonly other: Party;
  readonly tasks: Readonly<Record<'root' | 'middle' | 'last', string>>;
  /** A live token of the last, for its task in the chain. */
  readonly token: string;
  /** Delegation tokens of the middle that name the last, none of them used. */
  readonly offers: string[];
  /** Who agreed to work of the last, where the race is about it; and the task of it, where there is one already. */
  readonly consent: Consent | undefined;
  /** Codes that came of agreements of the same person, none of them used. */
  readonly codes: Code[];
  /** The address of the document that describes the program of the last. */
  readonly program: string;
  readonly signer: { readonly id: string; readonly key: SigningKey };
};

type Consent = { readonly person: string; readonly task?: string; readonly refresh?: string };

type Code = { readonly code: string; readonly verifier: string };

/** What a way to a token needs beside a chain. */
export type RaceNeeds = 'consent' | 'code' | 'document' | 'match' | 'partner';

export type RaceGround = {
  readonly authority: Authority;
  readonly platform: Platform;
  /** Where documents of clients lie. */
  readonly documents: DocumentHost;
  /** A partner to whom agents are introduced. */
  readonly partner: string;
  /** Who gives mandates. */
  readonly signer: RaceWorld['signer'];
};

/** How many offers are prepared: one to race with, the others to be tried when it is over. */
const offers = 8;

export const crmOf = ({ gatewayUrl }: Authority): string => `${gatewayUrl}/mcp/crm`;
export const erpOf = ({ gatewayUrl }: Authority): string => `${gatewayUrl}/mcp/erp`;

/** Builds a chain of its own for one race, with what the way to a token needs beside it. */
export async function openRaceWorld(ground: RaceGround, needs: RaceNeeds | undefined): Promise<RaceWorld> {
  const { authority, signer } = ground;
  const [root, middle, last, other] = [
    await aParty(authority),
    await aParty(authority),
    await aParty(authority),
    await aParty(authority),
  ];
  for (const above of [root, middle]) await giveWide(ground, above);
  const first = await insist(root.client, {});
  const second = await handOver(authority, { from: root, to: middle, task: first.task });
  const third = await handOver(authority, { from: middle, to: last, task: second.task });
  const pending = await Promise.all(
    Array.from({ length: offers }, () => offer(authority, { from: middle, to: last, task: second.task })),
  );
  if (needs === 'match')
    await authority.settled(
      addMatch(federating(authority), authority.admin, { issuer: 'github', claims: { repository: last.id }, agent: last.id }),
    );
  if (needs === 'partner')
    await authority.settled(
      introduceAgent(federating(authority), authority.admin, { audience: ground.partner, agent: last.id, clientId: last.id }),
    );
  return {
    root,
    middle,
    last,
    other,
    tasks: { root: first.task, middle: second.task, last: third.task },
    token: third.token,
    offers: pending,
    consent: undefined,
    codes: [],
    program: '',
    ...(await agreedTo(ground, last, needs)),
    signer,
  };
}

export function federating({ db, clock, issuer }: Authority) {
  return { db, clock, issuer, allowLoopback: true };
}

async function aParty(authority: Authority): Promise<Party> {
  const agent = await authority.agent();
  return { ...agent, client: openClient(authority.issuer, agent, crmOf(authority), authority.clock) };
}

/** Gives an agent a mandate by which it may hand everything on; also when it had one that is over. */
export async function giveWide({ authority, signer }: RaceGround, { id }: { readonly id: string }): Promise<string> {
  const { db, clock } = authority;
  const document = MandateDocument.parse({
    agent: id,
    purpose: 'races',
    autonomy: 'act_within_limits',
    expiresAt: new Date(clock() + 3_600_000).toISOString(),
    permissions: [{ system: 'crm', actions: ['*'] }],
  });
  const claims = { digest: mandateDigest(document), agent: id, iat: Math.floor(clock() / 1_000) };
  const signature = signJws(signer.key, { typ: 'surety-mandate+jwt', kid: signer.key.kid }, JSON.stringify(claims));
  return (await authority.settled(giveMandate({ db, clock }, signer.id, { document, signature }))).id;
}

export function tokenOf({ status, body }: { readonly status: number; readonly body: Readonly<Record<string, unknown>> }) {
  assert.equal(status, 200, JSON.stringify(body));
  return { token: String(body['access_token']), task: String(body['task']) };
}

type HandingOn = { readonly from: Party; readonly to: Party; readonly task: string };

/** A node that is short of time for a moment is asked again: what is prepared is not what is raced. */
async function insist(client: Client, parameters: Parameters) {
  for (let tries = 1; ; tries++) {
    const answer = await client.token(parameters);
    if (answer.status !== 503 || tries === 5) return tokenOf(answer);
  }
}

export async function offer({ issuer }: Authority, { from, to, task }: HandingOn): Promise<string> {
  return (await insist(from.client, { resource: issuer, may_act: to.id, task })).token;
}

export const exchanging = (subject: string, more: Parameters = {}): Parameters => ({
  grant_type: tokenExchangeGrant,
  subject_token: subject,
  subject_token_type: accessTokenType,
  ...more,
});

async function handOver(authority: Authority, hop: HandingOn) {
  return insist(hop.to.client, exchanging(await offer(authority, hop)));
}

/** How many codes are got: one to race with, one more for each node. */
const codesEach = 3;

/** What a person has agreed to, as far as the way to a token needs it. */
async function agreedTo(
  ground: RaceGround,
  agent: Party,
  needs: RaceNeeds | undefined,
): Promise<Partial<Pick<RaceWorld, 'consent' | 'codes' | 'program'>>> {
  if (needs !== 'consent' && needs !== 'code' && needs !== 'document') return {};
  const rig = openConsentRig(ground.authority);
  await setRedirects(rig.house, ground.authority.admin, { agent: agent.id, redirects: ['http://127.0.0.1/callback'] });
  const person = await rig.aPerson();
  const program = needs === 'document' ? await aProgram(ground, agent) : '';
  const codes: Code[] = [];
  const own = program === '' ? {} : { client_id: program };
  for (let at = 0; at < (needs === 'consent' ? 1 : codesEach); at++) codes.push(await rig.aCode(agent, person.browser, own));
  if (needs !== 'consent') return { consent: { person: person.id }, codes, program };
  const { body } = await rig.redeem(agent, codes[0] ?? assert.fail());
  assert.ok(typeof body['refresh_token'] === 'string', JSON.stringify(body));
  return { consent: { person: person.id, task: String(body['task']), refresh: body['refresh_token'] } };
}

/** A program that a document describes, and that is this agent. */
async function aProgram({ authority, documents }: RaceGround, { id }: Party): Promise<string> {
  const path = `/programs/${id}.json`;
  const url = `${documents.host.slice(0, -1)}${path}`;
  documents.documents.set(path, {
    client_id: url,
    client_name: 'A Program',
    redirect_uris: ['http://127.0.0.1/callback'],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  });
  await authority.settled(addMatch(federating(authority), authority.admin, { issuer: 'apps', claims: { sub: url }, agent: id }));
  return url;
}

/** The person who signs mandates, with the key that they sign with. */
export async function openSigner(authority: Authority): Promise<RaceWorld['signer']> {
  const { id } = await authority.human();
  const key = generateSigningKey();
  await authority.enrol(id, key);
  return { id, key };
}
