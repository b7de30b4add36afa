import { publishPolicy, publishRules, setRole } from '@surety/contract/authority-routes';
import type { Proposal } from '@surety/contract/lab';
import * as contract from '@surety/contract/lab-routes';
import type { WorkloadId } from '@surety/contract/id';
import { type AnyAnswer, answer } from '#kernel/answer';
import { listDeployers } from '#policy/policy-deployer-store';
import { listPolicyVersions } from '#policy/policy-store';
import { findAgent } from '#registry/agent-store';
import { findWorkload } from '#registry/workload-store';
import { readActionTest } from './action-test.ts';
import { deployProposal, stageProposal } from './deploy-proposal.ts';
import type { LabRoom } from './lab-room.ts';
import { dismissDeployer, nameDeployer } from './name-deployer.ts';
import { countPolicyTests } from './policy-test-set-store.ts';
import { keepEffect, shadowProposal, withdrawProposal } from './proposal-life.ts';
import { getProposal, listProposals, type StoredProposal } from './proposal-store.ts';
import { propose } from './propose.ts';
import { publishDirectly, publishRulesDirectly, rollBackPolicy, setRoleDirectly, viewVersion } from './publish-directly.ts';
import { readEffect } from './read-effect.ts';
import { confirmProposal } from './second-person.ts';
import { findShadow } from './shadow-store.ts';
import { openTurns } from './turns.ts';

/** As many wait for an effect at a time. */
const maxWaiting = 8;

export function labRoutes(given: Omit<LabRoom, 'turns'>): readonly AnyAnswer[] {
  const room = { ...given, turns: openTurns(maxWaiting) };
  const { db } = room;
  return [
    answer(publishPolicy, (caller, input) => publishDirectly(room, caller, input)),
    answer(publishRules, (caller, input) => publishRulesDirectly(room, caller, input)),
    answer(setRole, (caller, input) => setRoleDirectly(room, caller, input)),
    answer(contract.readEffect, (_caller, { change, ...window }) => readEffect(room, change, window)),
    answer(contract.readActionTest, (_caller, { action }) => readActionTest(room, action)),
    answer(contract.propose, async (caller, input) => view(await propose(room, caller, input))),
    answer(contract.listProposals, async (_caller, input) => ({ items: await listProposals(db, input) })),
    answer(contract.getProposal, async (_caller, { proposal }) => ({
      proposal: view(await getProposal(db, proposal)),
      shadow: await tellShadow(room, proposal),
    })),
    answer(contract.readProposalEffect, (_caller, { proposal, ...window }) => keepEffect(room, proposal, window)),
    answer(contract.shadowProposal, async (caller, { proposal }) => view(await shadowProposal(room, caller, proposal))),
    answer(contract.confirmProposal, async (caller, input) => view(await confirmProposal(room, caller, input))),
    answer(contract.stageProposal, async (caller, { proposal, scope }) =>
      view(await stageProposal(room, caller, proposal, scope)),
    ),
    answer(contract.deployProposal, async (caller, { proposal }) => view(await deployProposal(room, caller, proposal))),
    answer(contract.withdrawProposal, async (caller, { proposal }) => view(await withdrawProposal(room, caller, proposal))),
    ...versionRoutes(room),
    ...deployerRoutes(room),
  ];
}

function versionRoutes(room: LabRoom): readonly AnyAnswer[] {
  const { db } = room;
  return [
    answer(contract.listPolicyVersions, async (_caller, { limit }) => {
      const versions = await listPolicyVersions(db, limit);
      const tests = await countPolicyTests(
        db,
        versions.map(({ version }) => version),
      );
      const items = versions.map(({ version, publishedBy, publishedAt, inForce }) => ({
        version,
        publishedBy,
        publishedAt,
        inForce,
        tests: tests.get(version) ?? 0,
      }));
      return { items };
    }),
    answer(contract.getPolicyVersion, (_caller, { version }) => viewVersion(db, version)),
    answer(contract.rollBackPolicy, (caller, input) => rollBackPolicy(room, caller, input)),
  ];
}

function deployerRoutes(room: LabRoom): readonly AnyAnswer[] {
  const { db } = room;
  return [
    answer(contract.listDeployers, async () => {
      const deployers = await listDeployers(db);
      const items = deployers.map(async ({ workload, ...named }) => ({
        ...named,
        workload: workload as WorkloadId,
        name: (await findWorkload(db, workload))?.name ?? workload,
      }));
      return { items: await Promise.all(items) };
    }),
    answer(contract.nameDeployer, ({ principal }, input) => nameDeployer(room, principal, input)),
    answer(contract.removeDeployer, ({ principal }, input) => dismissDeployer(room, principal, input)),
  ];
}

function view({ confirmedCut: _kept, ...proposal }: StoredProposal): Proposal {
  return proposal;
}

async function tellShadow({ db }: LabRoom, proposal: string) {
  const found = await findShadow(db, proposal);
  if (found === undefined) return null;
  const differences = found.differences.map(async (one) => ({
    ...one,
    agentName: (await findAgent(db, one.agent))?.name ?? one.agent,
  }));
  return { ...found, differences: await Promise.all(differences) };
}
