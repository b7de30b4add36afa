import type { Match, TrustedIssuer } from '@surety/contract/federation';
import type { AgentId } from '@surety/contract/id';
import { announce } from '#change/announce';
import { type Clock, instant } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { newId } from '#kernel/id';
import { record } from '#ledger/record';
import { getAgent } from '#registry/agent-store';
import { resolveOf } from '#registry/find-principal';
import type { FederationHouse } from './federation-house.ts';
import { lockIssuer } from './issuer-store.ts';
import { readDocumentAddress } from './document-address.ts';
import { kindRules, receivedKinds } from './issuer.ts';
import { addMatchRow, listMatches } from './match-store.ts';
import { readSpiffeId } from './spiffe-id.ts';
import { addSubject, findSubject } from './subject-store.ts';

export type AddMatch = {
  readonly issuer: string;
  readonly claims: Readonly<Record<string, string>>;
  /** SPIFFE only: `spiffe://<trust domain>/…/`, every id below it. */
  readonly below?: string | undefined;
  /** Id or name. */
  readonly agent: string;
  readonly manifestClaim?: string | undefined;
};

const maxMatches = 1_000;

/**
 * Says which agent a workload of an issuer is: the claims must be exactly so, and among them is one that tells it from
 * the others. A subject that an agent platform named, or a document, stays its agent. Faults `issuer.not_found`,
 * `issuer.match_refused`, `agent.not_found`.
 */
export async function addMatch(house: Pick<FederationHouse, 'db' | 'clock'>, actor: string, input: AddMatch): Promise<Match> {
  return house.db.transaction(async (tx) => {
    const issuer = await lockIssuer(tx, input.issuer);
    if (issuer.state !== 'active') throw new Fault('issuer.not_found', issuer.id);
    checkMatch(issuer, input);
    if ((await listMatches(tx, issuer.id)).length >= maxMatches)
      refuse('/claims', 'the issuer has as many matches as it may have');
    const agent = await getAgent(tx, await resolveOf(tx, 'agent', input.agent));
    if (agent.state === 'retired') refuse('/agent', 'the agent has retired');
    if (receivedKinds.has(issuer.kind)) await keepSubject(tx, issuer, { subject: input.claims['sub'] ?? '', agent: agent.id });
    const match = await addMatchRecorded(tx, house.clock, { ...input, issuer, agent: agent.id, actor });
    await announce(tx, [{ what: 'changed', key: issuer.id }]);
    return match;
  });
}

type AddedMatch = Pick<AddMatch, 'claims' | 'below' | 'manifestClaim'> & {
  readonly issuer: TrustedIssuer;
  readonly agent: string;
  readonly actor: string;
};

/** The same inside a transaction that does more; what there is to announce is the issuer's change. */
export async function addMatchRecorded(
  tx: Tx,
  clock: Clock,
  { issuer, claims, below, agent, manifestClaim, actor }: AddedMatch,
): Promise<Match> {
  const now = clock();
  const match: Match = {
    id: newId('match', now),
    issuer: issuer.id,
    claims: { ...claims },
    below: below ?? null,
    agent: agent as AgentId,
    manifestClaim: manifestClaim ?? null,
    state: 'active',
    createdAt: instant(now),
  };
  await addMatchRow(tx, match);
  const said = Object.entries(claims).map(([name, value]) => `${name}=${value}`);
  const data = { match: match.id, agent: match.agent, claims: said, below: match.below };
  await record(tx, clock, { type: 'issuer.matched', actor, about: issuer.id, data });
  return match;
}

function checkMatch(issuer: TrustedIssuer, { claims, below }: AddMatch): void {
  if (below !== undefined) return checkBelow(issuer, { claims, below });
  const { kind, issuer: host } = issuer;
  const { telling, tellingTogether = [] } = kindRules[kind];
  const tells = telling.some((name) => name in claims) || tellingTogether.some((names) => names.every((name) => name in claims));
  if (!tells) refuse('/claims', `name at least one of ${telling.join(', ')}: nothing less tells one workload from another`);
  const subject = claims['sub'] ?? '';
  if (kind === 'spiffe' && readSpiffeId(subject)?.id !== subject)
    refuse('/claims/sub', 'expected a SPIFFE id, its trust domain in lower case');
  if (kind === 'client-document' && readDocumentAddress(subject, true)?.host !== host)
    refuse('/claims/sub', 'expected the address of a document of this host');
}

function checkBelow(
  { kind, issuer }: TrustedIssuer,
  { claims, below }: { readonly claims: AddMatch['claims']; readonly below: string },
): void {
  if (kind !== 'spiffe') refuse('/below', 'only ids of SPIFFE are matched by what they are below');
  const inside = readSpiffeId(below.slice(0, -1));
  if (!below.endsWith('/') || inside?.trustDomain !== issuer || `${inside.id}/` !== below)
    refuse('/below', 'expected a path of this trust domain, with a slash at its end');
  if ('sub' in claims) refuse('/claims', 'one id, or all below a path: one of the two');
}

/** A subject of an agent platform is one agent for good (WAG: never reassigned). */
async function keepSubject(
  tx: Tx,
  { issuer }: TrustedIssuer,
  { subject, agent }: { readonly subject: string; readonly agent: string },
): Promise<void> {
  const known = await findSubject(tx, issuer, subject);
  if (known === undefined) return addSubject(tx, { issuer, subject, agent });
  if (known !== agent) refuse('/claims/sub', 'this subject is another agent, for good');
}

function refuse(path: string, message: string): never {
  throw new Fault('issuer.match_refused', undefined, { issues: [{ path, message }] });
}
