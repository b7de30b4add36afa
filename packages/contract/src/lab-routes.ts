import * as z from 'zod';
import { ActionId, Name, PlainText, ProposalId, WorkloadId, Instant } from './id.ts';
import { PolicyBase, PolicyChange, PolicyEffect, PolicyTest, PolicyTests, Proposal, ProposalState, ShadowReport, StageScope } from './lab.ts';
import { HistoryRules } from './history.ts';
import { route } from './route.ts';

const list = <Item extends z.ZodType>(item: Item) => z.strictObject({ items: z.array(item) });

const window = {
  days: z.number().min(0.01).max(90).default(7).describe('How far back recorded calls are decided again.'),
  seconds: z.number().min(0.1).max(60).default(15).describe('How long it may take at most; what was not reached is said.'),
};

/** A proposal as a list shows it: without its texts and its effect. */
export const ProposalLine = Proposal.pick({ id: true, title: true, state: true, proposedBy: true, answerable: true, confirmedBy: true, version: true, createdAt: true, movedAt: true })
  .extend({ holds: z.array(z.string()).describe('"policy", "role:owner", "mandate".') }).meta({ id: 'ProposalLine' });
export type ProposalLine = z.infer<typeof ProposalLine>;

/** A version of the organisation's policy, with the tests that were kept beside it. */
export const PolicyVersion = z.strictObject({
  version: z.int(), publishedBy: z.string(), publishedAt: Instant, inForce: z.boolean().describe('Whether it is, or was, for everyone; false: for a stage only.'),
  text: z.string(), rules: HistoryRules.optional(), tests: PolicyTests,
}).meta({ id: 'PolicyVersion' });
export type PolicyVersion = z.infer<typeof PolicyVersion>;

export const readEffect = route({
  name: 'readEffect', method: 'POST', path: '/v1/policy/effect', action: 'policy:propose', summary: 'Say what a change would do: who gains and loses what, and which recorded calls would fall otherwise. Changes nothing.',
  input: z.strictObject({ change: PolicyChange, ...window }), output: PolicyEffect, faults: ['policy.invalid', 'mandate.invalid'],
});
export const readActionTest = route({
  name: 'readActionTest', method: 'GET', path: '/v1/actions/{action}/test', action: 'action:read', summary: 'A recorded action as a test beside a policy: the same call, by the same agent, with what came out.',
  input: z.strictObject({ action: ActionId }),
  output: z.strictObject({ test: PolicyTest, passes: z.boolean().describe('Whether it passes on what is in force now.') }), faults: ['action.not_found'],
});
export const propose = route({
  name: 'propose', method: 'POST', path: '/v1/policy/proposals', action: 'policy:propose', summary: 'Propose a change: a draft that is in force for nobody.',
  input: z.strictObject({ title: PlainText.min(1).max(200), change: PolicyChange, base: PolicyBase.optional().describe('What it was written against; what is in force now, when left out.') }),
  output: Proposal, faults: ['policy.invalid', 'mandate.invalid', 'policy.changed'],
});
export const listProposals = route({
  name: 'listProposals', method: 'GET', path: '/v1/policy/proposals', action: 'policy:read', summary: 'Proposals, the newest first.',
  input: z.strictObject({ state: ProposalState.optional(), limit: z.coerce.number().int().min(1).max(500).default(50) }), output: list(ProposalLine), faults: [],
});
export const getProposal = route({
  name: 'getProposal', method: 'GET', path: '/v1/policy/proposals/{proposal}', action: 'policy:read', summary: 'One proposal, and what it does in shadow.',
  input: z.strictObject({ proposal: ProposalId }), output: z.strictObject({ proposal: Proposal, shadow: ShadowReport.nullable() }), faults: ['proposal.not_found'],
});
export const readProposalEffect = route({
  name: 'readProposalEffect', method: 'POST', path: '/v1/policy/proposals/{proposal}/effect', action: 'policy:propose', summary: 'Work out the effect of a proposal again, and keep it beside it.',
  input: z.strictObject({ proposal: ProposalId, ...window }), output: PolicyEffect, faults: ['proposal.not_found', 'proposal.not_open', 'policy.invalid'],
});
export const shadowProposal = route({
  name: 'shadowProposal', method: 'POST', path: '/v1/policy/proposals/{proposal}/shadow', action: 'policy:propose', summary: 'Decide live calls by a proposal as well, beside the work: differences are counted, and nothing changes.',
  input: z.strictObject({ proposal: ProposalId }), output: Proposal, faults: ['proposal.not_found', 'proposal.not_open'],
});
export const confirmProposal = route({
  name: 'confirmProposal', method: 'POST', path: '/v1/policy/proposals/{proposal}/confirm', action: 'policy:publish', summary: 'Say yes to a proposal as the second person, after looking at its effect.',
  input: z.strictObject({ proposal: ProposalId, digest: z.string().max(100), cut: z.int().min(0).describe('How many of the allowed calls it would cut, as the effect said.') }),
  output: Proposal, faults: ['proposal.not_found', 'proposal.not_open', 'proposal.not_second', 'policy.changed'],
});
export const stageProposal = route({
  name: 'stageProposal', method: 'POST', path: '/v1/policy/proposals/{proposal}/stage', action: 'policy:publish', summary: 'Put the policy of a proposal in force for some agents first.',
  input: z.strictObject({ proposal: ProposalId, scope: StageScope }),
  output: Proposal, faults: ['proposal.not_found', 'proposal.not_open', 'policy.changed', 'policy.needs_second', 'policy.tests_failed', 'policy.invalid'],
});
export const deployProposal = route({
  name: 'deployProposal', method: 'POST', path: '/v1/policy/proposals/{proposal}/deploy', action: 'policy:publish', summary: 'Put a proposal in force for everyone.',
  input: z.strictObject({ proposal: ProposalId }),
  output: Proposal, faults: ['proposal.not_found', 'proposal.not_open', 'policy.changed', 'policy.needs_second', 'policy.tests_failed', 'policy.invalid'],
});
export const withdrawProposal = route({
  name: 'withdrawProposal', method: 'POST', path: '/v1/policy/proposals/{proposal}/withdraw', action: 'policy:propose', summary: 'Take a proposal back; a stage of it ends at once.',
  input: z.strictObject({ proposal: ProposalId }), output: Proposal, faults: ['proposal.not_found', 'proposal.not_open'],
});
export const listPolicyVersions = route({
  name: 'listPolicyVersions', method: 'GET', path: '/v1/policy/versions', action: 'policy:read', summary: "Versions of the organisation's policy, the newest first.",
  input: z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(50) }),
  output: list(PolicyVersion.omit({ text: true, rules: true, tests: true }).extend({ tests: z.int().describe('How many are kept beside it.') })), faults: [],
});
export const getPolicyVersion = route({
  name: 'getPolicyVersion', method: 'GET', path: '/v1/policy/versions/{version}', action: 'policy:read', summary: "One version of the organisation's policy, with its tests.",
  input: z.strictObject({ version: z.coerce.number().int().positive() }), output: PolicyVersion, faults: ['policy.version_not_found'],
});
export const rollBackPolicy = route({
  name: 'rollBackPolicy', method: 'POST', path: '/v1/policy/rollback', action: 'policy:publish', summary: 'Put what an earlier version said in force again, as a new version. A stage ends.',
  input: z.strictObject({ to: z.int().positive().optional().describe('The version; the one before the present one, when left out.') }),
  output: PolicyVersion, faults: ['policy.version_not_found', 'policy.changed', 'policy.needs_second'],
});
export const listDeployers = route({
  name: 'listDeployers', method: 'GET', path: '/v1/policy/deployers', action: 'policy:read', summary: 'Workloads that may propose and deploy policy.',
  input: z.strictObject({}), output: list(z.strictObject({ workload: WorkloadId, name: Name, namedBy: z.string(), namedAt: Instant })), faults: [],
});
export const nameDeployer = route({
  name: 'nameDeployer', method: 'PUT', path: '/v1/policy/deployers/{workload}', action: 'policy:deployers', summary: 'Let a workload propose and deploy policy: a pipeline, for instance.',
  input: z.strictObject({ workload: z.union([WorkloadId, Name]) }), output: z.strictObject({ workload: WorkloadId }), faults: ['workload.not_found'],
});
export const removeDeployer = route({
  name: 'removeDeployer', method: 'DELETE', path: '/v1/policy/deployers/{workload}', action: 'policy:deployers', summary: 'A workload may no longer propose and deploy policy.',
  input: z.strictObject({ workload: z.union([WorkloadId, Name]) }), output: z.strictObject({ workload: WorkloadId }), faults: ['workload.not_found'],
});
