import type { Agent } from '@surety/contract/agent';
import { MandateClaims } from '@surety/contract/approval';
import type { HumanId } from '@surety/contract/id';
import { type Mandate, MandateDocument } from '@surety/contract/mandate';
import { announce } from '#change/announce';
import { listSystemNames } from '#catalogue/system-store';
import { instant } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { Fault, type FaultIssue } from '#kernel/fault';
import { newId } from '#kernel/id';
import { record } from '#ledger/record';
import { lockAgent } from '#registry/agent-store';
import { verifyHumanSignature } from '#registry/human-signature';
import { limitsKey } from './authority-facts.ts';
import { checkObligations } from './check-obligations.ts';
import type { DelegationHouse } from './end-task.ts';
import { handedOnKey } from './hop.ts';
import { addMandate, closeActiveMandate, findNewestMandate, type StoredMandate } from './mandate-store.ts';
import { readMandate } from './read-mandate.ts';

export type GiveMandate = { readonly document: MandateDocument; readonly signature: string };

/** How long ago, or ahead by the signer's clock, a mandate may have been signed when it is given, in seconds. */
const maxAgeSeconds = 600;

/**
 * Gives an agent a mandate, in place of the one before. It is signed by the person who gives it: a compact JWS of type
 * `surety-mandate+jwt` over {@link MandateClaims}, by an active enrolled key of theirs, made within the last ten minutes.
 * What the agent handed on under one that was over by then ends: a new mandate brings nothing back. Faults
 * `agent.not_found`, `signature.invalid`, and `mandate.invalid` for what cannot be compiled, an agent that has retired, a
 * system that is not protected here, and an end that is past.
 */
export async function giveMandate(house: DelegationHouse, actor: string, { document, signature }: GiveMandate): Promise<Mandate> {
  const { digest, sentences } = readMandate({ document });
  return house.db.transaction(async (tx) => {
    const now = house.clock();
    const agent = await lockAgent(tx, document.agent);
    const issues = [
      ...checkLife(document, agent, now),
      ...(await checkSystems(tx, document)),
      ...(await checkObligations(tx, document)),
    ];
    if (issues.length > 0) throw new Fault('mandate.invalid', undefined, { issues });
    await checkSignature(tx, actor, { signature, digest, agent, now });

    const before = await findNewestMandate(tx, agent.id);
    const version = (before?.version ?? 0) + 1;
    const mandate = {
      id: newId<Mandate['id']>('mandate', now),
      agent: agent.id,
      version,
      document,
      documentDigest: digest,
      signature,
      givenBy: actor as HumanId,
      state: 'active' as const,
      createdAt: instant(now),
    };
    await closeActiveMandate(tx, agent.id, 'replaced');
    await addMandate(tx, mandate);
    await record(tx, house.clock, {
      type: 'mandate.given',
      actor,
      about: mandate.id,
      data: { agent: agent.id, version, documentDigest: digest },
    });
    await announce(tx, [
      ...(document.limits === undefined ? [] : [{ what: 'changed' as const, key: limitsKey }]),
      ...(before === undefined || isInForce(before, now) ? [] : [{ what: 'cutoff' as const, key: handedOnKey(agent.id) }]),
      { what: 'changed', key: agent.id },
    ]);
    return { ...mandate, sentences };
  });
}

function isInForce({ state, document }: StoredMandate, now: number): boolean {
  const { success, data } = MandateDocument.safeParse(document);
  return state === 'active' && success && Date.parse(data.expiresAt) > now;
}

function checkLife({ expiresAt }: MandateDocument, { state }: Agent, now: number): FaultIssue[] {
  return [
    ...(state === 'retired' ? [{ path: '/document/agent', message: 'the agent has retired' }] : []),
    ...(Date.parse(expiresAt) <= now ? [{ path: '/document/expiresAt', message: 'this is past' }] : []),
  ];
}

async function checkSystems(tx: Tx, { permissions, passOn = [], limits = [] }: MandateDocument): Promise<FaultIssue[]> {
  const named = [
    ...permissions.map(({ system }, at) => ({ system, path: `/document/permissions/${at}/system` })),
    ...passOn.map(({ system }, at) => ({ system, path: `/document/passOn/${at}/system` })),
    ...limits.flatMap(({ of }, at) =>
      of.map(({ system }, place) => ({ system, path: `/document/limits/${at}/of/${place}/system` })),
    ),
  ];
  const known = await listSystemNames(
    tx,
    named.map(({ system }) => system),
  );
  return named.flatMap(({ system, path }) =>
    system === '*' || known.has(system) ? [] : [{ path, message: 'no system with this name is protected here' }],
  );
}

async function checkSignature(
  tx: Tx,
  actor: string,
  { signature, digest, agent, now }: { signature: string; digest: string; agent: Agent; now: number },
): Promise<void> {
  const claims = MandateClaims.safeParse(await verifyHumanSignature(tx, actor, signature, 'surety-mandate+jwt'));
  if (!claims.success || claims.data.digest !== digest || claims.data.agent !== agent.id) throw new Fault('signature.invalid');
  if (Math.abs(now / 1000 - claims.data.iat) > maxAgeSeconds) throw new Fault('signature.invalid', 'signed too long ago');
}
