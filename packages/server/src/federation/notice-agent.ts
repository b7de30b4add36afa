import type { TrustedIssuer } from '@surety/contract/federation';
import { announce } from '#change/announce';
import type { Clock } from '#kernel/clock';
import type { Db, Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { houseActor } from '#kernel/house-actor';
import { newId } from '#kernel/id';
import { record } from '#ledger/record';
import { registerAgentRecorded } from '#registry/register-agent';
import { shownName, typedName } from '#registry/shown-name';
import { addMatchRecorded } from './add-match.ts';
import { lockIssuer } from './issuer-store.ts';
import { listMatches } from './match-store.ts';
import { refuseAssertion } from './refuse-assertion.ts';
import { addSubject, countDrafts, findSubject } from './subject-store.ts';
import { claimText, type VerifiedAssertion } from './verify-assertion.ts';

/** An agent as its issuer names it: for good by its subject, and for people by the claim `name`. */
export type NamedAgent = Pick<VerifiedAssertion, 'issuer' | 'subject' | 'claims'>;

/** How many agents that nobody accepted may wait for each issuer: a platform cannot fill the registry. */
const maxDrafts = 200;

/**
 * An agent platform named an agent that nobody has seen (WAG): it becomes a draft that the issuer's receiver answers
 * for, known by (issuer, subject) for good, and gets nothing until a person starts it. A subject that was matched
 * before, and is not now, was taken away by a person and stays away. Always throws: fault `agent.awaits_owner`, or
 * `assertion.refused`.
 */
export async function noticeAgent(
  { db, clock }: { readonly db: Db; readonly clock: Clock },
  assertion: NamedAgent,
): Promise<never> {
  await db.transaction(async (tx) => {
    const issuer = await lockIssuer(tx, assertion.issuer.id);
    if (issuer.state !== 'active' || issuer.receiver === null) return refuseAssertion('its issuer is not trusted any more');
    if ((await findSubject(tx, issuer.issuer, assertion.subject)) !== undefined) {
      const isWaiting = await wasNoticed(tx, issuer, assertion.subject);
      return isWaiting ? undefined : refuseAssertion('nothing matches it any more');
    }
    if ((await countDrafts(tx, issuer.issuer)) >= maxDrafts)
      return refuseAssertion('too many agents of its issuer wait for a person');
    await addNoticed(tx, clock, { issuer, assertion, receiver: issuer.receiver });
    await announce(tx, [{ what: 'changed', key: issuer.id }]);
  });
  throw new Fault('agent.awaits_owner');
}

/** Whether another node noticed it a moment ago, so that its match has not arrived here. */
async function wasNoticed(tx: Tx, { id }: TrustedIssuer, subject: string): Promise<boolean> {
  return (await listMatches(tx, id)).some(({ claims }) => claims['sub'] === subject);
}

type Noticed = { readonly issuer: TrustedIssuer; readonly assertion: NamedAgent; readonly receiver: string };

async function addNoticed(tx: Tx, clock: Clock, { issuer, assertion, receiver }: Noticed): Promise<void> {
  const { subject, claims } = assertion;
  const displayName = shownName(claimText(claims, 'name')) ?? `An agent of ${issuer.name}`;
  const agent = await registerAgentRecorded(tx, clock, {
    actor: houseActor,
    name: typedName(issuer.name, displayName, newId('agent', clock())),
    displayName,
    purpose: `Not said yet. Named by ${issuer.name}.`,
    owner: receiver,
    deputies: [],
    riskTier: 'high',
    autonomy: 'observe',
    manifest: {},
  });
  await addSubject(tx, { issuer: issuer.issuer, subject, agent: agent.id });
  await addMatchRecorded(tx, clock, { issuer, claims: { sub: subject }, agent: agent.id, actor: houseActor });
  const data = { issuer: issuer.id, subject, receiver };
  await record(tx, clock, { type: 'agent.noticed', actor: houseActor, about: agent.id, data });
}
