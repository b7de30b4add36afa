import * as contract from '@surety/contract/registry-routes';
import { type AnyAnswer, answer } from '#kernel/answer';
import { addHuman } from './add-human.ts';
import { listAgents } from './agent-store.ts';
import { changeAgent } from './change-agent.ts';
import { changeHuman } from './change-human.ts';
import { claimServer } from './claim-server.ts';
import { enrolKey } from './enrol-key.ts';
import { listHumans } from './human-store.ts';
import { moveAgent, type MoveHouse } from './move-agent.ts';
import { moveWorkload } from './move-workload.ts';
import { openEnrolment } from './open-enrolment.ts';
import { openRegistration } from './open-registration.ts';
import { readAgent, readHuman } from './read-principal.ts';
import { registerAgent } from './register-agent.ts';
import { registerWorkload } from './register-workload.ts';
import { revokeCredential } from './revoke-credential.ts';
import { whoAmI } from './who-am-i.ts';
import { listWorkloads } from './workload-store.ts';

export type RegistryRoom = MoveHouse & {
  /** Public origins of this server and of its gateway: told to whoever enrols a key. */
  readonly issuer: string;
  readonly gatewayUrl: string;
};

export function registryRoutes(room: RegistryRoom): readonly AnyAnswer[] {
  return [
    answer(contract.claimServer, (_nobody, input) => claimServer(room, input)),
    answer(contract.enrolKey, async (_nobody, input) => ({
      ...(await enrolKey(room, input)),
      issuer: room.issuer,
      gateway: room.gatewayUrl,
    })),
    answer(contract.whoAmI, (caller) => whoAmI(room.db, caller)),
    ...humanAnswers(room),
    ...workloadAnswers(room),
    ...agentAnswers(room),
    answer(contract.openEnrolment, ({ principal }, input) => openEnrolment(room, principal, input)),
    answer(contract.openRegistration, ({ principal }, input) => openRegistration(room, principal, input)),
    answer(contract.revokeCredential, ({ principal }, input) => revokeCredential(room, principal, input)),
  ];
}

function humanAnswers(room: RegistryRoom): readonly AnyAnswer[] {
  return [
    answer(contract.addHuman, ({ principal }, input) => addHuman(room, principal, input)),
    answer(contract.listHumans, async () => ({ items: await listHumans(room.db) })),
    answer(contract.getHuman, (_caller, { human }) => readHuman(room.db, human)),
    answer(contract.changeHuman, ({ principal }, input) => changeHuman(room, principal, input)),
  ];
}

function workloadAnswers(room: RegistryRoom): readonly AnyAnswer[] {
  return [
    answer(contract.registerWorkload, ({ principal }, input) => registerWorkload(room, principal, input)),
    answer(contract.listWorkloads, async () => ({ items: await listWorkloads(room.db) })),
    answer(contract.moveWorkload, ({ principal }, input) => moveWorkload(room, principal, input)),
  ];
}

function agentAnswers(room: RegistryRoom): readonly AnyAnswer[] {
  return [
    answer(contract.registerAgent, ({ principal }, input) => registerAgent(room, principal, input)),
    answer(contract.listAgents, async (_caller, { state }) => ({ items: await listAgents(room.db, state) })),
    answer(contract.getAgent, (_caller, { agent }) => readAgent(room.db, agent)),
    answer(contract.changeAgent, ({ principal }, input) => changeAgent(room, principal, input)),
    answer(contract.moveAgent, ({ principal }, input) => moveAgent(room, principal, input)),
  ];
}
