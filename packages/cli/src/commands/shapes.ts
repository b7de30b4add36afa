import type { Action } from '@surety/contract/activity';
import type { Agent, Credential, Workload } from '@surety/contract/agent';
import type { Approval } from '@surety/contract/approval';
import type { Human } from '@surety/contract/human';
import type { Mandate } from '@surety/contract/mandate';
import type { Passkey } from '@surety/contract/passkey';
import type { Destination, FieldLabels } from '@surety/contract/flow';
import type { Operation, System } from '@surety/contract/system';
import type { TaskView } from '@surety/contract/task';
import type { Shape } from '../output/print.ts';
import type { Mark } from '../output/style.ts';
import { localOffset, localTime, timeLeft, tookText } from '../output/times.ts';

/** How each thing is shown to people. `names` finds the name of a person by id. */
export type Names = (id: string) => string;

const stateMark = (state: string): Mark | undefined =>
  ({ active: 'allowed', draft: 'waiting', suspended: 'stopped', retired: 'denied', left: 'denied' } as const)[state as 'active'];

export function agentShape(names: Names, nowMs: number): Shape<Agent> {
  return {
    name: ({ name }) => name,
    columns: [
      { title: 'AGENT', value: ({ name }) => name },
      { title: 'STATE', value: ({ state }) => state, mark: ({ state }) => stateMark(state) },
      { title: 'ANSWERS FOR IT', value: ({ owner }) => names(owner) },
      { title: 'RISK', value: ({ riskTier }) => riskTier },
      { title: 'AUTONOMY', value: ({ autonomy }) => autonomy },
      { title: 'PURPOSE', value: ({ purpose }) => purpose },
      { title: 'DEPUTIES', value: ({ deputies }) => deputies.map(names).join(', '), wide: true },
      { title: 'ID', value: ({ id }) => id, wide: true },
      { title: `SINCE ${localOffset(nowMs)}`, value: ({ createdAt }) => localTime(createdAt, nowMs), wide: true },
    ],
  };
}

export function workloadShape(names: Names, nowMs: number): Shape<Workload> {
  return {
    name: ({ name }) => name,
    columns: [
      { title: 'WORKLOAD', value: ({ name }) => name },
      { title: 'STATE', value: ({ state }) => state, mark: ({ state }) => stateMark(state) },
      { title: 'ANSWERS FOR IT', value: ({ owner }) => names(owner) },
      { title: 'CALLED', value: ({ displayName }) => displayName },
      { title: 'ID', value: ({ id }) => id, wide: true },
      { title: `SINCE ${localOffset(nowMs)}`, value: ({ createdAt }) => localTime(createdAt, nowMs), wide: true },
    ],
  };
}

export const personShape: Shape<Human> = {
  name: ({ name }) => name,
  columns: [
    { title: 'PERSON', value: ({ name }) => name },
    { title: 'CALLED', value: ({ displayName }) => displayName },
    { title: 'STATE', value: ({ state }) => state, mark: ({ state }) => stateMark(state) },
    { title: 'DOES', value: ({ title }) => title },
    { title: 'ROLES', value: ({ roles }) => roles.join(' ') },
    { title: 'GROUPS', value: ({ groups }) => groups.join(' '), wide: true },
    { title: 'ID', value: ({ id }) => id, wide: true },
  ],
};

export const credentialShape: Shape<Credential> = {
  name: ({ id }) => id,
  columns: [
    { title: 'KEY', value: ({ id }) => id },
    { title: 'LABEL', value: ({ label }) => label },
    { title: 'STATE', value: ({ state }) => state, mark: ({ state }) => (state === 'active' ? 'allowed' : 'denied') },
    { title: 'THUMBPRINT', value: ({ jkt }) => jkt },
  ],
};

export function passkeyShape(nowMs: number): Shape<Passkey> {
  return {
    name: ({ id }) => id,
    columns: [
      { title: 'PASSKEY', value: ({ id }) => id },
      { title: 'LABEL', value: ({ label }) => label },
      { title: 'STATE', value: ({ state }) => state, mark: ({ state }) => (state === 'active' ? 'allowed' : 'denied') },
      { title: `SINCE ${localOffset(nowMs)}`, value: ({ createdAt }) => localTime(createdAt, nowMs) },
    ],
  };
}

export function mandateShape(agents: Names, names: Names, nowMs: number): Shape<Mandate> {
  return {
    name: ({ id }) => id,
    columns: [
      { title: 'MANDATE', value: ({ id }) => id },
      { title: 'AGENT', value: ({ agent }) => agents(agent) },
      { title: 'VERSION', value: ({ version }) => String(version) },
      { title: 'STATE', value: ({ state }) => state, mark: ({ state }) => (state === 'active' ? 'allowed' : undefined) },
      { title: 'GIVEN BY', value: ({ givenBy }) => names(givenBy) },
      { title: `ENDS ${localOffset(nowMs)}`, value: ({ document }) => localTime(document.expiresAt, nowMs) },
      { title: 'PURPOSE', value: ({ document }) => document.purpose },
      { title: 'AUTONOMY', value: ({ document }) => document.autonomy, wide: true },
    ],
  };
}

export function systemShape(names: Names): Shape<System> {
  return {
    name: ({ name }) => name,
    columns: [
      { title: 'SYSTEM', value: ({ name }) => name },
      { title: 'CALLED', value: ({ displayName }) => displayName },
      { title: 'STATE', value: ({ state }) => state, mark: ({ state }) => (state === 'active' ? 'allowed' : 'denied') },
      { title: 'TOOLS', value: ({ operations }) => String(operations.length) },
      { title: 'LABELS', value: ({ flow }) => flow.labels.join(', ') },
      {
        title: 'UPSTREAM',
        value: ({ upstream }) => (upstream.kind === 'mcp-http' ? upstream.url : [upstream.command, ...upstream.args].join(' ')),
      },
      { title: 'CREDENTIAL', value: ({ hasCredential }) => (hasCredential ? 'kept here' : 'none') },
      { title: 'OWNER', value: ({ systemOwner }) => names(systemOwner), wide: true },
      { title: 'ID', value: ({ id }) => id, wide: true },
    ],
  };
}

const saidBy: Readonly<Record<Operation['effectBy'], string>> = {
  person: 'a person',
  heuristic: 'our rule',
  nobody: 'nobody yet: not callable',
};

export const operationShape: Shape<Operation> = {
  name: ({ name }) => name,
  columns: [
    { title: 'TOOL', value: ({ name }) => name },
    { title: 'EFFECT', value: ({ effect }) => effect },
    { title: 'SAYS', value: ({ effectBy }) => saidBy[effectBy] },
    { title: 'LABELS', value: ({ flow }) => flow?.labels.join(', ') ?? '' },
    { title: 'TITLE', value: ({ title }) => title },
    {
      title: 'ARGUMENTS',
      value: ({ flow }) => flow?.guards.map(({ pointer, of }) => `${pointer}=${of}`).join(', ') ?? '',
      wide: true,
    },
    { title: 'FIELDS', value: ({ flow }) => fieldWords(flow?.fields ?? {}), wide: true },
    { title: 'DEFINITION', value: ({ definitionDigest }) => definitionDigest, wide: true },
  ],
};

function fieldWords(fields: FieldLabels): string {
  return Object.entries(fields)
    .map(([pointer, labels]) => `${pointer}=${labels.join(',')}`)
    .join('; ');
}

export const destinationShape: Shape<Destination> = {
  name: ({ value }) => value,
  columns: [
    { title: 'KIND', value: ({ kind }) => kind },
    { title: 'VALUE', value: ({ value }) => value },
    { title: 'ADDED BY', value: ({ addedByName, from }) => (from === 'approval' ? `${addedByName}, with a yes` : addedByName) },
    { title: 'SINCE', value: ({ addedAt }) => addedAt },
    { title: 'REQUEST', value: ({ approval }) => approval ?? '', wide: true },
  ],
};

const actionMarks: Readonly<Record<Action['state'], Mark>> = {
  allowed: 'allowed',
  denied: 'denied',
  held: 'held',
  failed: 'warning',
  cut: 'stopped',
  unknown: 'warning',
  running: 'waiting',
};

export function markOfAction(state: Action['state']): Mark {
  return actionMarks[state];
}

export function actionShape(nowMs: number): Shape<Action> {
  return {
    name: ({ id }) => id,
    columns: [
      { title: `AT ${localOffset(nowMs)}`, value: ({ at }) => localTime(at, nowMs) },
      { title: 'STATE', value: ({ state }) => state, mark: ({ state }) => actionMarks[state] },
      { title: 'AGENT', value: ({ agentName }) => agentName },
      { title: 'TOOL', value: ({ system, operation }) => `${system}.${operation}` },
      { title: 'WITH', value: ({ summary }) => summary },
      { title: 'BECAUSE', value: ({ because }) => because },
      { title: 'ANSWERS', value: ({ answerableName }) => answerableName },
      { title: 'ACTION', value: ({ id }) => id },
      { title: 'EFFECT', value: ({ effect }) => effect, wide: true },
      { title: 'LIMITED BY', value: ({ link }) => link, wide: true },
      { title: 'REASON', value: ({ reason }) => reason, wide: true },
      { title: 'TOOK', value: ({ milliseconds }) => (milliseconds === null ? '' : tookText(milliseconds)), wide: true },
      { title: 'ENTRY', value: ({ entry }) => (entry === null ? '' : String(entry)), wide: true },
    ],
  };
}

export function taskShape(nowMs: number): Shape<TaskView> {
  return {
    name: ({ id }) => id,
    columns: [
      { title: 'TASK', value: ({ id }) => id },
      { title: 'AGENT', value: ({ agentName }) => agentName },
      { title: 'FOR', value: ({ agent, requester, requesterName }) => (agent === requester ? 'itself' : requesterName) },
      { title: 'STATE', value: ({ state }) => state, mark: ({ state }) => (state === 'open' ? 'allowed' : 'stopped') },
      { title: 'HOPS ABOVE', value: ({ depth }) => String(depth) },
      { title: 'CALLS', value: ({ calls }) => String(calls) },
      { title: 'LEFT', value: ({ state, expiresAt }) => (state === 'open' ? timeLeft(expiresAt, nowMs) : '') },
      { title: 'ANSWERS', value: ({ answerableName }) => answerableName },
      { title: 'PURPOSE', value: ({ purpose }) => purpose, wide: true },
      { title: 'INSTANCE', value: ({ instance }) => instance ?? '', wide: true },
      { title: `SINCE ${localOffset(nowMs)}`, value: ({ createdAt }) => localTime(createdAt, nowMs), wide: true },
    ],
  };
}

const approvalMarks: Readonly<Record<Approval['state'], Mark>> = {
  pending: 'held',
  approved: 'allowed',
  refused: 'denied',
  used: 'allowed',
  expired: 'denied',
};

export function approvalShape(nowMs: number): Shape<Approval> {
  return {
    name: ({ id }) => id,
    columns: [
      { title: 'REQUEST', value: ({ id }) => id },
      { title: 'STATE', value: ({ state }) => (state === 'pending' ? 'held' : state), mark: ({ state }) => approvalMarks[state] },
      { title: 'ASKS', value: ({ agentName }) => agentName },
      { title: 'TO CALL', value: ({ system, operation }) => `${system}.${operation}` },
      { title: 'WITH', value: ({ argumentsText }) => argumentsText },
      { title: 'WHY A PERSON', value: ({ because }) => because },
      { title: 'ANSWERS', value: ({ answerableName }) => answerableName },
      { title: 'EXPIRES', value: ({ state, expiresAt }) => (state === 'pending' ? timeLeft(expiresAt, nowMs) : '') },
      { title: 'EFFECT', value: ({ effect }) => effect, wide: true },
      {
        title: 'UNDER MANDATE',
        value: ({ mandateVersion }) => (mandateVersion === null ? '' : `version ${mandateVersion}`),
        wide: true,
      },
      { title: 'ANSWERED BY', value: ({ answeredByName }) => answeredByName ?? '', wide: true },
      { title: 'SAID', value: ({ reason }) => reason ?? '', wide: true },
      { title: 'ACTION', value: ({ action }) => action, wide: true },
    ],
  };
}
