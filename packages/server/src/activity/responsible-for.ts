import type { Action, Responsibility } from '@surety/contract/activity';
import { findApproval } from '#approval/approval-store';
import { findMandateVersion } from '#delegation/mandate-store';
import { findChain } from '#delegation/task-store';
import { instant } from '#kernel/clock';
import type { Tx } from '#kernel/db';
import type { PrincipalFacts } from '#registry/principal-facts';
import { type ActionTrail, numberOf, textOf } from './action.ts';

type Step = Responsibility['chain'][number];

/** Where the newest signed checkpoint of the log is read. */
export type Checkpoints = () => Promise<{ readonly size: number; readonly note: string } | undefined>;

/**
 * Who answered for an action at the time, as a sentence with a name (P10), each link of the chain, and where the proof
 * is: the index of its first entry, and a signed checkpoint that covers it.
 */
export async function tellResponsibility(
  room: { readonly db: Tx; readonly facts: PrincipalFacts; readonly checkpoint: Checkpoints },
  trail: ActionTrail,
  action: Action,
): Promise<Responsibility> {
  const answerable = await room.facts.human(action.answerable);
  const title = answerable?.title ? ` (${answerable.title})` : '';
  const entry = trail.first.entry.index;
  const checkpoint = await room.checkpoint();
  return {
    action,
    sentence: `${action.answerableName}${title} answered for this action at the time.`,
    chain: [
      ...(await taskSteps(room, action)),
      ...(await mandateSteps(room, trail)),
      ...(await keySteps(room, trail)),
      ...(await callSteps(room, trail, action)),
    ],
    entry,
    checkpoint: checkpoint !== undefined && entry !== null && entry < checkpoint.size ? checkpoint.note : null,
  };
}

async function mandateSteps({ db, facts }: { db: Tx; facts: PrincipalFacts }, { last: { data } }: ActionTrail): Promise<Step[]> {
  const version = numberOf(data, 'mandateVersion');
  const mandate = version === null ? undefined : await findMandateVersion(db, textOf(data, 'agent'), version);
  if (mandate === undefined) return [];
  const giver = (await facts.human(mandate.givenBy))?.displayName ?? mandate.givenBy;
  return [{ text: `${giver} gave mandate ${mandate.id}, version ${mandate.version}, signed`, at: mandate.createdAt }];
}

/** Who asked, and who passed it on to whom, from the tree of tasks. Nothing, when the agent acted on its own trigger. */
async function taskSteps({ db, facts }: { db: Tx; facts: PrincipalFacts }, action: Action): Promise<Step[]> {
  const tasks = (await findChain(db, action.task)) ?? [];
  const nameOf = async (id: string): Promise<string> =>
    (await facts.human(id))?.displayName ?? (await facts.agent(id))?.name ?? (await facts.workload(id))?.name ?? id;
  const passed = tasks.filter(({ requester, agent }) => requester !== agent);
  return Promise.all(
    passed.map(async ({ requester, agent, parent, createdAt }) => ({
      text: `${await nameOf(requester)} ${parent === null ? 'asked' : 'passed it on to'} ${await nameOf(agent)}`,
      at: createdAt,
    })),
  );
}

async function keySteps({ facts }: { facts: PrincipalFacts }, { last: { data } }: ActionTrail): Promise<Step[]> {
  const credential = await facts.credential(textOf(data, 'credential'));
  const agent = await facts.agent(textOf(data, 'agent'));
  if (credential === undefined) return [];
  return [{ text: `${agent?.name ?? textOf(data, 'agent')} proved itself with key ${credential.jkt.slice(0, 12)}…`, at: null }];
}

async function callSteps({ db, facts }: { db: Tx; facts: PrincipalFacts }, trail: ActionTrail, action: Action): Promise<Step[]> {
  const asked: Step = { text: `asked for ${action.system}.${action.operation}`, at: action.at };
  const approval = action.approval === null ? undefined : await findApproval(db, action.approval);
  const answered: Step[] = [];
  if (approval?.answeredBy) {
    const name = (await facts.human(approval.answeredBy))?.displayName ?? approval.answeredBy;
    const said = approval.state === 'refused' ? 'refused' : 'approved';
    answered.push({
      text: `${name} ${said} exactly this call, signed`,
      at: approval.answeredAtMs === null ? null : instant(approval.answeredAtMs),
    });
  }
  const decided: Step = {
    text: `${action.state}: ${action.because || action.reason}`,
    at: (trail.outcome ?? trail.last).entry.at.toISOString(),
  };
  return [asked, ...answered, decided];
}
