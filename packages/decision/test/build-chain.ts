import { MandateDocument } from '@surety/contract/mandate';
import type { CallFacts, HopFacts, LinkFacts, MandateFacts, TaskFacts } from '../src/call-facts.ts';
import { prepareHop } from '../src/compile-hop.ts';
import { compileMandate } from '../src/compile-mandate.ts';
import type { PolicyEngine } from '../src/policy-engine.ts';
import { type PolicySet, prepareMandate, prepareMay, prepareOrganisation, prepareRole } from '../src/policy-set.ts';
import { args } from './a-call.ts';
import {
  amounts,
  type ChainWorld,
  now,
  type Pool,
  type Rule,
  type SmallHop,
  type SmallLink,
  type SmallMandate,
  type SmallPolicies,
  toDetail,
  toPermission,
} from './chain-world.ts';

/** A pool that an engine has taken in. */
export type Prepared = {
  readonly mandates: readonly (readonly MandateFacts[])[];
  readonly hops: readonly (readonly HopFacts[])[];
  readonly roles: readonly { readonly answering: PolicySet | undefined; readonly asking: PolicySet | undefined }[];
  readonly organisations: readonly (PolicySet | undefined)[];
};

const agentId = (agent: number): string => `agt_${String(agent).padStart(26, '0')}`;
const ownerId = (agent: number): string => `hum_${String(agent).padStart(26, '0')}`;
const taskId = (agent: number): string => `tsk_${String(agent).padStart(26, '0')}`;
const requesterId = `hum_${'9'.repeat(26)}`;

export function preparePool(engine: PolicyEngine, pool: Pool): Prepared {
  return {
    mandates: pool.mandates.map((list, agent) => list.map((one, at) => mandateFacts(engine, one, { agent, at }))),
    hops: pool.hops.map((list, agent) => list.map((one) => hopFacts(engine, one, agent))),
    roles: pool.roles.map((one, at) => ({
      answering: prepareRole(engine, { name: `role-${at}`, text: textOf(one) }),
      asking: prepareMay(engine, { name: `role-${at}`, text: textOf(one) }),
    })),
    organisations: pool.organisations.map((one) => prepareOrganisation(engine, textOf(one))),
  };
}

function mandateFacts(engine: PolicyEngine, one: SmallMandate, { agent, at }: { agent: number; at: number }): MandateFacts {
  const id = `man_${agent}-${at}`;
  const document = MandateDocument.parse({
    agent: agentId(agent),
    purpose: 'random',
    autonomy: one.autonomy,
    expiresAt: new Date(endOf(one)).toISOString(),
    permissions: one.permissions.map(toPermission),
    passesOn: one.passesOn,
    passOn: one.passOn.map(toPermission),
    ...(one.maxDepth === undefined ? {} : { maxDepth: one.maxDepth }),
  });
  const compiled = compileMandate({ id, document });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  const policies = prepareMandate(engine, compiled.mandate);
  return { id, version: 1, documentDigest: 'd', signatureHolds: one.isSigned, policies };
}

function hopFacts(engine: PolicyEngine, hop: SmallHop, agent: number): HopFacts {
  const { details, audiences, depthLeft } = hop;
  const granted = details && details.map(toDetail);
  const policies = prepareHop(engine, { task: taskId(agent), agent: agentId(agent), details: granted });
  return { details: granted, audiences, depthLeft, expiresAtMs: endOf(hop), policies };
}

function endOf({ isExpired, lastsSeconds }: Pick<SmallHop, 'isExpired' | 'lastsSeconds'>): number {
  return isExpired ? now : now + lastsSeconds * 1_000;
}

function textOf({ permits, forbids }: SmallPolicies): string {
  return [...permits.map((rule) => policyText('permit', rule)), ...forbids.map((rule) => policyText('forbid', rule))].join('\n');
}

function policyText(effect: 'permit' | 'forbid', { system, pattern, max }: Rule): string {
  const limit =
    max === undefined
      ? ''
      : ` && context.facts.at has "/amount" && context.facts.at["/amount"] has number` +
        ` && context.facts.at["/amount"].number.lessThanOrEqual(decimal("${max.toFixed(1)}"))`;
  return `${effect} (principal is Agent, action, resource == System::"${system}") when { context.facts.operation like "${pattern}"${limit} };`;
}

const argumentsOf = new Map(amounts.map((amount) => [amount, args(amount === undefined ? {} : { amount })]));

/** The facts of a call at the end of a chain. */
export function buildCall(world: ChainWorld, prepared: Prepared): CallFacts {
  const links = world.links.map((link, at) => linkFacts(world, prepared, { link, at }));
  const own = links.at(-1);
  if (own === undefined) throw new Error('a chain has a link');
  const asked = world.isRequested;
  const requester = {
    id: requesterId,
    name: 'requester',
    state: world.isRequesterActive ? 'active' : 'left',
    roles: [],
    groups: [],
  };
  return {
    nowMs: now + world.elapsedSeconds * 1_000,
    isFresh: true,
    ...own,
    chain: links.slice(0, -1),
    requester: asked ? (requester as NonNullable<CallFacts['requester']>) : undefined,
    system: { id: 'sys_1', name: world.system, revision: 1 },
    operation: { name: world.operation, effect: world.effect, definitionDigest: 'd' },
    roles: world.roles.map((one) => ({
      name: `role-${one}`,
      revision: 1,
      policies: asked ? prepared.roles[one]?.asking : prepared.roles[one]?.answering,
    })),
    organisation: { version: 1, policies: prepared.organisations[world.organisation] },
    call: {
      systemName: world.system,
      operationName: world.operation,
      arguments: argumentsOf.get(world.amount as (typeof amounts)[number]) ?? {},
    },
    approval: undefined,
  };
}

type Placed = { readonly link: SmallLink; readonly at: number };

function linkFacts(world: ChainWorld, prepared: Prepared, { link, at }: Placed): LinkFacts {
  const { agent, mandate } = link;
  const owner = ownerId(agent);
  return {
    agent: {
      id: agentId(agent),
      name: `agent-${agent}`,
      state: link.isActive ? 'active' : 'suspended',
      riskTier: 'medium',
      autonomy: link.autonomy,
      owner,
    },
    owner: { id: owner, name: 'owner', state: link.isOwnerActive ? 'active' : 'left', roles: [], groups: [] },
    task: placedTask(world, prepared, { link, at }),
    mandate: mandate === undefined ? undefined : prepared.mandates[agent]?.[mandate],
  };
}

function placedTask({ links, isRequested }: ChainWorld, prepared: Prepared, { link, at }: Placed): TaskFacts {
  const above = links[at - 1];
  const root = taskId(links[0]?.agent ?? 0);
  const asker = at === 0 ? (isRequested ? requesterId : agentId(link.agent)) : agentId(above?.agent ?? 0);
  const stored: TaskFacts = {
    id: taskId(link.agent),
    agent: agentId(link.agent),
    requester: asker,
    trigger: isRequested ? 'human' : 'agent',
    state: link.isTaskOpen ? 'open' : 'ended',
    expiresAtMs: now + link.taskLastsSeconds * 1_000,
    parent: above === undefined ? null : taskId(above.agent),
    root,
    depth: at,
    hop: link.hop === undefined ? null : (prepared.hops[link.agent]?.[link.hop] ?? null),
  };
  switch (link.fault) {
    case 'parent':
      return { ...stored, parent: 'tsk_other' };
    case 'depth':
      return { ...stored, depth: at + 1 };
    case 'agent':
      return { ...stored, agent: 'agt_other' };
    case 'root':
      return { ...stored, root: 'tsk_other' };
    case 'none':
      return stored;
  }
}
