import type { PolicyView } from '@surety/contract/authority-routes';
import type { PolicyEffect, StageScope } from '@surety/contract/lab';
import { announce } from '#change/announce';
import type { Caller } from '#kernel/answer';
import { type Clock, instant } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import { policyDigest } from '#policy/document-digest';
import { addStage, endStage, findStage, saveStage } from '#policy/policy-stage-store';
import { addPolicyVersion, findPolicyVersion, lockPolicies, nextPolicyVersion, putInForce } from '#policy/policy-store';
import { personBehind } from './author.ts';
import type { LabRoom } from './lab-room.ts';
import { checkOpen, labKey, moveTo } from './proposal-life.ts';
import { getProposal, lockProposal, type StoredProposal } from './proposal-store.ts';
import { checkBase, keepTests, putChange, vouchFor } from './put-change.ts';
import { type EffectWindow, readEffect } from './read-effect.ts';
import { checkSecond } from './second-person.ts';

/** How far back, and how long, a change is looked at before it is put in force. */
export const deployWindow: EffectWindow = { days: 7, seconds: 15 };

/** What is put in force for whom. */
type Acting = { readonly clock: Clock; readonly actor: string; readonly effect: PolicyEffect };

/**
 * Puts a proposal in force for everyone, at once on every node. Faults `proposal.not_open`, `policy.tests_failed`,
 * `policy.needs_second`, and `policy.changed` when something else is in force than it was written against.
 */
export async function deployProposal(room: LabRoom, caller: Caller, id: string): Promise<StoredProposal> {
  return act(room, caller, id, async (tx, proposal, acting) => {
    const { change, confirmedBy } = proposal;
    const isStaged = proposal.state === 'staged' && proposal.version !== null;
    const put = isStaged
      ? await enforceStaged(tx, proposal, acting)
      : await putChange(tx, acting.clock, { ...acting, change, isConfirmed: confirmedBy !== null });
    const version = change.policy === undefined ? null : put.version;
    return { after: await moveTo(tx, acting, { ...proposal, version, effect: acting.effect }, 'enforced'), keys: put.keys };
  });
}

async function enforceStaged(tx: Tx, { version, change, confirmedBy }: StoredProposal, { clock, actor, effect }: Acting) {
  const at = instant(clock());
  const staged = version ?? 0;
  await endStage(tx, staged, at);
  await putInForce(tx, staged, true);
  const data = { version: staged, documentDigest: policyDigest(await stagedPolicy(tx, staged)) };
  await record(tx, clock, { type: 'policy.published', actor, about: 'policy', data });
  if (confirmedBy !== null || effect.replay.cutUntested === 0) await vouchFor(tx, { change, version: staged, at });
  return { version: staged, keys: ['policy'] };
}

/**
 * Puts the policy of a proposal in force for some agents first, as a version of its own; everybody else goes on under the present
 * one. Again, to say anew for whom. Faults as for {@link deployProposal}.
 */
export async function stageProposal(room: LabRoom, caller: Caller, id: string, scope: StageScope): Promise<StoredProposal> {
  return act(room, caller, id, async (tx, proposal, acting) => {
    const { policy, roles = {} } = proposal.change;
    if (policy === undefined || Object.keys(roles).length > 0)
      throw new Fault('proposal.not_open', 'only the policy can be staged: a role is in force for its holders');
    const running = await findStage(tx);
    if (running !== undefined && running.version !== proposal.version)
      throw new Fault('proposal.not_open', 'another proposal is staged: deploy it or roll it back first');
    const version = proposal.version ?? (await addStagedVersion(tx, proposal, acting));
    if (running === undefined) await addStage(tx, { version, scope, salt: id });
    else await saveStage(tx, { version, scope });
    const whom = { agents: scope.agents.length, groups: scope.groups, percent: scope.percent };
    const data = { version, documentDigest: policyDigest(await stagedPolicy(tx, version)), proposal: id, ...whom };
    await record(tx, acting.clock, { type: 'policy.staged', actor: acting.actor, about: 'policy', data });
    const after = await moveTo(tx, acting, { ...proposal, version, stage: scope, effect: acting.effect }, 'staged');
    return { after, keys: ['policy'] };
  });
}

async function addStagedVersion(tx: Tx, { change }: StoredProposal, { clock, actor }: Acting): Promise<number> {
  const version = await nextPolicyVersion(tx);
  const at = instant(clock());
  const { text = '', rules } = change.policy ?? {};
  await addPolicyVersion(tx, { version, text, rules, publishedBy: actor, publishedAt: at });
  await putInForce(tx, version, false);
  await keepTests(tx, { version, tests: change.tests, at });
  return version;
}

async function stagedPolicy(tx: Tx, version: number): Promise<PolicyView> {
  const policy = await findPolicyVersion(tx, version);
  if (policy === undefined) throw new Fault('internal', 'a version that is staged is not there');
  return policy;
}

type Act = (
  tx: Tx,
  proposal: StoredProposal,
  acting: Acting,
) => Promise<{ readonly after: StoredProposal; readonly keys: readonly string[] }>;

/** Looks at the effect of a proposal as it is now, and acts while nothing that it stands on changes. */
async function act(room: LabRoom, caller: Caller, id: string, work: Act): Promise<StoredProposal> {
  const { db, clock } = room;
  const known = await getProposal(db, id);
  checkReady(known);
  const effect = await readEffect(room, known.change, deployWindow);
  checkTests(effect);
  return db.transaction(async (tx) => {
    await lockPolicies(tx);
    await personBehind(tx, caller);
    const proposal = await lockProposal(tx, id);
    checkReady(proposal);
    await checkBase(tx, proposal.change, proposal);
    await checkBase(tx, proposal.change, effect);
    await checkSecond(tx, proposal, effect);
    const { after, keys } = await work(tx, proposal, { clock, actor: caller.principal, effect });
    await announce(
      tx,
      [...keys, labKey].map((key) => ({ what: 'changed' as const, key })),
    );
    return after;
  });
}

function checkReady(proposal: StoredProposal): void {
  checkOpen(proposal);
  if (proposal.change.mandate !== undefined)
    throw new Fault('proposal.not_open', 'a mandate is put in force by the person who signs it: surety mandate new');
}

/** Fault `policy.tests_failed`, with what was expected and found. */
export function checkTests({ tests }: Pick<PolicyEffect, 'tests'>): void {
  if (tests.passed === tests.total) return;
  const why = tests.failures.slice(0, 10).map(({ name, expected, found }) => `${name}: expected ${expected}, found ${found}`);
  throw new Fault('policy.tests_failed', undefined, { why });
}
