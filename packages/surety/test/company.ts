import { addSystem, classifyOperation, giveMandate, readMandate } from '@surety/contract/authority-routes';
import { labelSystem } from '@surety/contract/flow-routes';
import type { HumanId } from '@surety/contract/id';
import type { MandateDocument, Permission } from '@surety/contract/mandate';
import { answerApproval, getApproval, listApprovals } from '@surety/contract/oversight-routes';
import { addHuman, moveAgent, openEnrolment, registerAgent } from '@surety/contract/registry-routes';
import type { Client } from '@surety/sdk/client';
import { claim, enrol } from '@surety/sdk/enrol';
import { signAnswer, signMandate } from '@surety/sdk/sign';
import { suretyWithKey } from '@surety/sdk/surety';
import { byHand, type ByHand, type Place } from './by-hand.ts';
import { type ForgeKey, makeKey } from './forge.ts';
import { until } from './recording-system.ts';

/** A person with a key of their own: by the SDK, and by hand. */
export type Person = { readonly id: HumanId; readonly key: ForgeKey; readonly client: Client; readonly byHand: ByHand };

export type Hire = {
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly expiresAt?: string;
  readonly autonomy?: MandateDocument['autonomy'];
  /** Leaves the agent a draft. */
  readonly draft?: boolean;
  /** Who answers for it, when not the person who hires. */
  readonly owner?: HumanId;
};

const day = 24 * 3600 * 1000;

/** Takes a new server into possession, as its first administrator. */
export async function claimAs(place: Place, code: string, name = 'maya'): Promise<Person> {
  const key = await makeKey();
  const { human } = await claim({ url: place.issuer, code, key, name, displayName: 'Maya Okafor', title: 'head of support' });
  return personOf(place, human.id, key);
}

export async function addPerson(place: Place, by: Person, name: string, roles: readonly string[]): Promise<Person> {
  const human = await by.client.call(addHuman, { name, displayName: name, title: '', groups: [], roles: [...roles] });
  const key = await makeKey();
  await enrolKeyOf(place, by, human.id, key);
  return personOf(place, human.id, key);
}

/** Enrols a key for a principal; the id of the credential. */
export async function enrolKeyOf(place: Place, by: Person, principal: string, key: ForgeKey): Promise<string> {
  const { code } = await by.client.call(openEnrolment, { principal: principal as HumanId });
  return (await enrol({ url: place.issuer, code, key, label: 'test' })).credential.id;
}

function personOf(place: Place, id: HumanId, key: ForgeKey): Person {
  return { id, key, client: suretyWithKey({ ...place, clientId: id, key }).client, byHand: byHand(place, id, key) };
}

export async function protect(
  by: Person,
  name: string,
  url: string,
  credential?: { readonly header: string; readonly value: string },
): Promise<void> {
  await by.client.call(addSystem, {
    name,
    upstream: { kind: 'mcp-http', url },
    ...(credential === undefined
      ? {}
      : { credential: { place: { kind: 'header', name: credential.header }, value: credential.value } }),
  });
  await by.client.call(labelSystem, { system: name, labels: [] }); // no outsider writes there: that is the subject of other tests
}

/** What agents of these tests may do by default: refunds up to 1,000, over 250 with a yes; and reading. */
export const refunds: readonly Permission[] = [
  {
    system: 'payments',
    actions: ['refund'],
    where: { '/amount': { over: '0', max: '1000' } },
    hold: [{ when: { '/amount': { over: '250' } }, because: 'over its €250 limit' }],
  },
  { system: 'payments', actions: ['read_order', 'slow', 'tell_secret'] },
];

/** Registers an agent with a key and a mandate, by a person who may. */
export async function hire(
  place: Place,
  by: Person,
  { name, permissions, draft = false, owner = by.id, ...rest }: Hire,
): Promise<ByHand> {
  const { client } = by;
  const agent = await client.call(registerAgent, { name, displayName: name, purpose: 'Be tested.', owner });
  const key = await makeKey();
  await enrolKeyOf(place, by, agent.id, key);
  if (!draft) await client.call(moveAgent, { agent: agent.id, to: 'active', reason: 'ready' });
  await mandate(by, agent.id, { permissions, ...rest });
  return byHand(place, agent.id, key);
}

/** Gives an agent a mandate in place of the one before; its id. */
export async function mandate(
  by: Person,
  agent: string,
  { permissions, ...rest }: Omit<Hire, 'name' | 'draft' | 'owner'>,
): Promise<string> {
  const document: MandateDocument = {
    agent: agent as MandateDocument['agent'],
    purpose: 'Be tested.',
    autonomy: rest.autonomy ?? 'act',
    expiresAt: rest.expiresAt ?? new Date(Date.now() + day).toISOString(),
    permissions: [...permissions],
  };
  const { digest } = await by.client.call(readMandate, { document });
  const signature = await signMandate(by.key, { digest, agent }, Date.now());
  return (await by.client.call(giveMandate, { document, signature })).id;
}

/** Says that refunds are money, as the person who protects a system would. */
export async function classify(by: Person, system: string, operation: string, effect: 'read' | 'write' | 'money'): Promise<void> {
  await by.client.call(classifyOperation, { system, operation, effect });
}

/** Answers one question with a signature over what it says. */
export async function answer(by: Person, id: string, yes: boolean, remember?: true): Promise<void> {
  const { id: approval, questionDigest } = await by.client.call(getApproval, { approval: id as never });
  const signature = await signAnswer(
    by.key,
    { approval, digest: questionDigest, answer: yes ? 'approve' : 'refuse', remember },
    Date.now(),
  );
  await by.client.call(answerApproval, { approval, signature });
}

/** The open question of an agent, once there is one. */
export async function openQuestion(by: Person, agent: string): Promise<string> {
  let id = '';
  await until('a question is open', async () => {
    const { items } = await by.client.call(listApprovals, { state: 'pending' });
    id = items.find((one) => one.agent === agent)?.id ?? '';
    return id !== '';
  });
  return id;
}
