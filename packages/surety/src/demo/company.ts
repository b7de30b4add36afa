import { giveMandate, addSystem, classifyOperation, readMandate } from '@surety/contract/authority-routes';
import type { MandateDocument } from '@surety/contract/mandate';
import { addHuman, moveAgent, openEnrolment, registerAgent } from '@surety/contract/registry-routes';
import { claim, enrol } from '@surety/sdk/enrol';
import type { SigningKey } from '@surety/sdk/agent-key';
import type { Client } from '@surety/sdk/client';
import { signMandate } from '@surety/sdk/sign';
import { suretyWithKey } from '@surety/sdk/surety';
import { type DemoAgent, demoAgent } from './demo-agent.ts';
import type { LocalKeys } from './local-keys.ts';

/** A person of Northwind at their own computer: the API with their own key. */
export type DemoPerson = { readonly id: string; readonly displayName: string; readonly key: SigningKey; readonly client: Client };

export type Company = {
  readonly maya: DemoPerson;
  readonly refundBot: DemoAgent & { readonly id: string };
  readonly inboxSorter: DemoAgent & { readonly id: string };
};

export type Place = { readonly issuer: string; readonly gateway: string; readonly keys: LocalKeys };

export type Servers = {
  readonly shop: string;
  readonly payments: string;
  readonly paymentsKey: string;
  readonly inbox: readonly string[];
  readonly files: readonly string[];
};

const year = 365 * 24 * 3600 * 1000;

/**
 * Makes Northwind in a new, empty house, by the same API and with the same rights as anyone: a person claims the server,
 * adds colleagues, registers two agents that make their own keys, gives them mandates, and protects four systems.
 */
export async function makeCompany(place: Place, claimCode: string, servers: Servers): Promise<Company> {
  const maya = await claimAsMaya(place, claimCode);
  await addColleagues(maya.client);
  await protectSystems(maya.client, servers);
  const expiresAt = new Date(Date.now() + year).toISOString();
  const refundBot = await hireAgent(place, maya, {
    agent: { name: 'refund-bot', displayName: 'Refund bot', purpose: 'Refund customers whose parcel was lost or damaged.' },
    mandate: (agent) => refundMandate(agent, expiresAt),
  });
  const inboxSorter = await hireAgent(place, maya, {
    agent: { name: 'inbox-sorter', displayName: 'Inbox sorter', purpose: 'Read the support inbox and sort it.' },
    mandate: (agent) => inboxMandate(agent, expiresAt),
  });
  return { maya, refundBot, inboxSorter };
}

async function claimAsMaya(place: Place, code: string): Promise<DemoPerson> {
  const { issuer, gateway, keys } = place;
  const key = await keys.make('maya');
  const person = { name: 'maya', displayName: 'Maya Okafor', title: 'head of support' };
  const { human } = await claim({ url: issuer, code, key, ...person });
  await keys.keepPerson(human);
  const identity = suretyWithKey({ issuer, gateway, clientId: human.id, key });
  return { id: human.id, displayName: human.displayName, key, client: identity.client };
}

async function addColleagues(client: Client): Promise<void> {
  await client.call(addHuman, {
    name: 'tomas',
    displayName: 'Tomás Rivera',
    title: 'finance',
    groups: ['finance'],
    roles: ['approver'],
  });
  await client.call(addHuman, {
    name: 'aiko',
    displayName: 'Aiko Tanaka',
    title: 'security',
    groups: ['security'],
    roles: ['security'],
  });
  await client.call(addHuman, { name: 'jonas', displayName: 'Jonas Weber', title: 'auditor', groups: [], roles: ['auditor'] });
}

/**
 * All of it is the company's own: what comes from there is an outsider's only where outsiders write into it, as into an inbox.
 */
const inside = true;

async function protectSystems(client: Client, servers: Servers): Promise<void> {
  await client.call(addSystem, { name: 'shop', upstream: { kind: 'mcp-http', url: servers.shop, inside } });
  await client.call(addSystem, {
    name: 'payments',
    upstream: { kind: 'mcp-http', url: servers.payments, inside },
    credential: { place: { kind: 'header', name: 'x-api-key' }, value: servers.paymentsKey },
  });
  await client.call(classifyOperation, { system: 'payments', operation: 'refund', effect: 'money' });
  const [command = '', ...args] = servers.inbox;
  await client.call(addSystem, { name: 'inbox', upstream: { kind: 'mcp-stdio', command, args, inside } });
  const [filesCommand = '', ...filesArgs] = servers.files;
  await client.call(addSystem, {
    name: 'files',
    upstream: { kind: 'mcp-stdio', command: filesCommand, args: filesArgs, inside },
  });
}

type Hire = {
  readonly agent: { readonly name: string; readonly displayName: string; readonly purpose: string };
  readonly mandate: (agent: MandateDocument['agent']) => MandateDocument;
};

async function hireAgent(
  { issuer, gateway, keys }: Place,
  owner: DemoPerson,
  hire: Hire,
): Promise<DemoAgent & { readonly id: string }> {
  const { client } = owner;
  const agent = await client.call(registerAgent, { ...hire.agent, owner: 'maya', deputies: ['tomas'] });
  const key = await keys.make(agent.name);
  const { code } = await client.call(openEnrolment, { principal: agent.id });
  await enrol({ url: issuer, code, key, label: 'demo' });
  await keys.keepAgent(agent);
  await client.call(moveAgent, { agent: agent.id, to: 'active', reason: 'ready to work' });
  const document = hire.mandate(agent.id);
  const { digest } = await client.call(readMandate, { document });
  await client.call(giveMandate, { document, signature: await signMandate(owner.key, { digest, agent: agent.id }, Date.now()) });
  return { ...demoAgent(agent.name, suretyWithKey({ issuer, gateway, clientId: agent.id, key })), id: agent.id };
}

function refundMandate(agent: MandateDocument['agent'], expiresAt: string): MandateDocument {
  return {
    agent,
    purpose: 'Refund customers whose parcel was lost or damaged.',
    autonomy: 'act_within_limits',
    expiresAt,
    permissions: [
      { system: 'shop', actions: ['read_order'] },
      {
        system: 'payments',
        actions: ['refund'],
        where: { '/amount': { over: '0', max: '1000' } },
        hold: [{ when: { '/amount': { over: '250' } }, because: 'over its €250 limit' }],
      },
      { system: 'files', actions: ['read_text_file', 'list_directory'] },
    ],
  };
}

function inboxMandate(agent: MandateDocument['agent'], expiresAt: string): MandateDocument {
  return {
    agent,
    purpose: 'Read the support inbox and sort it.',
    autonomy: 'act_within_limits',
    expiresAt,
    permissions: [
      { system: 'inbox', actions: ['list_mail', 'read_mail'] },
      { system: 'inbox', actions: ['send_mail'], where: { '/to': { like: '*@northwind.example' } } },
    ],
  };
}
