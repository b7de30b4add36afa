import { getPolicy, listRoles, listSystems } from '@surety/contract/authority-routes';
import type { PolicyBase, PolicyChange, PolicyEffect, Proposal, StageScope } from '@surety/contract/lab';
import * as lab from '@surety/contract/lab-routes';
import { getAgent } from '@surety/contract/registry-routes';
import { askFirst } from '../ask-first.ts';
import { change, read } from '../change.ts';
import { exitCodes, usage } from '../cli-error.ts';
import type { Cli, CommandSpec, Given } from '../command.ts';
import { isFolder, readPolicyFolder, writePolicyFolder } from '../local/policy-folder.ts';
import { safeText } from '../output/safe-text.ts';
import { peopleNames } from './names.ts';
import { effectLines, failureLines, findingLine, proposalShape, shadowLines, versionShape } from './policy-lines.ts';
import { readCount, readNames, readText } from './read-given.ts';

/** A change, and what it was written against, from a folder, or the policy alone from a file. */
export async function readChange(
  cli: Cli,
  path: string,
): Promise<{ readonly change: PolicyChange; readonly base?: PolicyBase | undefined }> {
  if (await isFolder(path)) return readPolicyFolder(path);
  return { change: { policy: { text: await readText(cli, path) }, tests: [] } };
}

/** The same for a server: a policy from a file keeps the tests that are there. */
async function readWanted(cli: Cli, path: string): ReturnType<typeof readChange> {
  const wanted = await readChange(cli, path);
  if (wanted.change.tests.length > 0 || (await isFolder(path))) return wanted;
  const { version } = await read(cli, getPolicy, {});
  const { tests } = await read(cli, lab.getPolicyVersion, { version });
  return { change: { ...wanted.change, tests } };
}

const window = [
  { flags: '--days <number>', about: 'how far back recorded calls are decided again; 7 when left out' },
  { flags: '--seconds <number>', about: 'how long it may take; 15 when left out' },
];

function windowOf(given: Given): { days?: number; seconds?: number } {
  const [days, seconds] = [readCount(given, 'days'), readCount(given, 'seconds')];
  return { ...(days === undefined ? {} : { days }), ...(seconds === undefined ? {} : { seconds }) };
}

/** Looks at a change without a server, where the decision point is installed here. */
async function checkHere(cli: Cli, path: string) {
  if (cli.frontDoor.policyLab === undefined)
    throw usage(
      'The decision point is not installed here.',
      'Run this with the package "surety", or ask a server with "surety policy effect".',
    );
  const check = await cli.frontDoor.policyLab();
  const { change: wanted, systems } = { systems: undefined, ...(await readChange(cli, path)) };
  return check(wanted, systems);
}

export async function checkFolder(cli: Cli, given: Given): Promise<number> {
  const { lint, tests } = await checkHere(cli, given.args[0] ?? '');
  const { style } = cli.print;
  const errors = lint.filter(({ level }) => level === 'error').length;
  const isGood = errors === 0 && tests.passed === tests.total && (lint.length === 0 || !given.flag('strict'));
  const summary = `${lint.length} to look at, ${tests.passed} of ${tests.total} tests passed`;
  await cli.print.result(
    { ok: isGood, lint, tests },
    [
      ...lint.map((one) => findingLine(one, style)),
      ...failureLines(tests, style),
      style.mark(isGood ? 'allowed' : 'denied', summary),
    ],
    isGood ? 'ok' : 'failed',
  );
  return isGood ? exitCodes.done[0] : exitCodes.failed[0];
}

async function testFolder(cli: Cli, given: Given): Promise<number> {
  const { tests } = await checkHere(cli, given.args[0] ?? '');
  const { style } = cli.print;
  const isGood = tests.passed === tests.total;
  const summary = `${tests.passed} of ${tests.total} tests passed`;
  await cli.print.result({ ok: isGood, ...tests }, [
    ...failureLines(tests, style),
    style.mark(isGood ? 'allowed' : 'denied', summary),
  ]);
  return isGood ? exitCodes.done[0] : exitCodes.failed[0];
}

async function pull(cli: Cli, given: Given): Promise<void> {
  const folder = given.args[0] ?? 'policy';
  const { items: versions } = await read(cli, lab.listPolicyVersions, { limit: 100 });
  const version = versions.find(({ inForce }) => inForce)?.version ?? 1;
  const [policy, roles, systems] = await Promise.all([
    read(cli, lab.getPolicyVersion, { version }),
    read(cli, listRoles, {}),
    read(cli, listSystems, {}),
  ]);
  const known = systems.items.map(({ name, operations }) => ({
    name,
    operations: operations.map(({ name: operation, effect }) => ({ name: operation, effect })),
  }));
  const wanted: PolicyChange = {
    policy: { text: policy.text, rules: policy.rules ?? [] },
    roles: Object.fromEntries(roles.items.map(({ name, document }) => [name, document])),
    tests: policy.tests,
  };
  const base = { policy: version, roles: Object.fromEntries(roles.items.map(({ name, revision }) => [name, revision])) };
  const files = await writePolicyFolder(folder, { change: wanted, base, systems: known });
  await cli.print.result(
    { folder, ...base, files },
    [
      cli.print.style.mark(
        'allowed',
        `Version ${version}, ${roles.items.length} roles and ${policy.tests.length} tests are in ${folder}.`,
      ),
    ],
    folder,
  );
}

export async function printEffect(cli: Cli, effect: PolicyEffect, maxFlips: number | undefined): Promise<number> {
  await cli.print.result(effect, effectLines(effect, cli.print.style), String(effect.replay.flipped));
  if (effect.tests.passed < effect.tests.total) return exitCodes.failed[0];
  return maxFlips !== undefined && effect.replay.flipped > maxFlips ? exitCodes.denied[0] : exitCodes.done[0];
}

async function showEffect(cli: Cli, given: Given): Promise<number> {
  const name = given.args[0] ?? '';
  const effect = name.startsWith('ppl_')
    ? await read(cli, lab.readProposalEffect, { proposal: name as Proposal['id'], ...windowOf(given) })
    : await read(cli, lab.readEffect, { change: (await readWanted(cli, name)).change, ...windowOf(given) });
  return printEffect(cli, effect, readCount(given, 'max-flips'));
}

/** The proposal that is named, or a new one from a folder or file. Undefined after `--dry-run`. */
async function proposalOf(cli: Cli, given: Given): Promise<Pick<Proposal, 'id'> | undefined> {
  const name = given.args[0] ?? '';
  if (name.startsWith('ppl_')) return { id: name as Proposal['id'] };
  const { change: wanted, base } = await readWanted(cli, name);
  return change(cli, lab.propose, {
    title: given.text('title') ?? 'a change of policy',
    change: wanted,
    ...(base === undefined ? {} : { base }),
  });
}

async function printProposal(cli: Cli, proposal: Proposal, says: string): Promise<void> {
  await cli.print.result(proposal, [cli.print.style.mark('allowed', says)], proposal.id);
}

async function proposeFolder(cli: Cli, given: Given): Promise<void> {
  const made = (await proposalOf(cli, given)) as Proposal | undefined;
  if (made === undefined) return;
  await printProposal(cli, made, `${made.id} is a draft. Look at it with "surety policy effect ${made.id}".`);
}

/** Deploys a folder or a proposal. What needs a second person stays behind as a proposal: exit 5. */
export async function deployFolder(cli: Cli, given: Given): Promise<number> {
  const scope = await scopeOf(cli, given);
  await askFirst(cli, scope === undefined ? 'Put this in force at once, for every agent?' : 'Put this in force for some agents?');
  const made = await proposalOf(cli, given);
  if (made === undefined) return exitCodes.done[0];
  const { id } = made;
  try {
    const put = given.flag('shadow')
      ? await change(cli, lab.shadowProposal, { proposal: id })
      : scope === undefined
        ? await change(cli, lab.deployProposal, { proposal: id })
        : await change(cli, lab.stageProposal, { proposal: id, scope });
    if (put === undefined) return exitCodes.done[0];
    await printProposal(cli, put, toldState(put));
    return exitCodes.done[0];
  } catch (thrown) {
    if (!isNeedsSecond(thrown)) throw thrown;
    const effect = await read(cli, lab.readProposalEffect, { proposal: id, ...windowOf(given) });
    const next = `surety policy confirm ${id}`;
    await cli.print.result(
      { proposal: id, needsSecond: true, why: effect.why, next, effect },
      [...effectLines(effect, cli.print.style), '', `Another person, who may publish policy: ${next}`],
      id,
    );
    return exitCodes.held[0];
  }
}

function isNeedsSecond(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'policy.needs_second';
}

function toldState({ id, state, version }: Proposal): string {
  if (state === 'shadow') return `${id} is in shadow: it changes nothing, and counts what it would.`;
  if (state === 'staged') return `Version ${version ?? ''} is in force for the agents that you named (${id}).`;
  return version === null ? `${id} is in force.` : `Version ${version} is in force.`;
}

async function scopeOf(cli: Cli, given: Given): Promise<StageScope | undefined> {
  const names = readNames(given, 'agents') ?? [];
  const groups = readNames(given, 'groups') ?? [];
  const percent = readCount(given, 'percent') ?? 0;
  if (names.length === 0 && groups.length === 0 && percent === 0) return undefined;
  const agents = await Promise.all(names.map(async (agent) => (await read(cli, getAgent, { agent })).agent.id));
  return { agents, groups, percent };
}

/** Looks at the effect anew, asks, and says yes to exactly that. */
async function confirm(cli: Cli, given: Given): Promise<void> {
  const proposal = (given.args[0] ?? '') as Proposal['id'];
  const effect = await read(cli, lab.readProposalEffect, { proposal, ...windowOf(given) });
  const { proposal: kept } = await read(cli, lab.getProposal, { proposal });
  if (cli.print.forPeople) for (const line of effectLines(effect, cli.print.style)) cli.print.note(line);
  await askFirst(cli, `Confirm ${proposal}, which would cut ${effect.replay.cut} of ${effect.replay.allowed} calls?`);
  const done = await change(cli, lab.confirmProposal, { proposal, digest: kept.digest, cut: effect.replay.cut });
  if (done !== undefined) await printProposal(cli, done, `${proposal} is confirmed. It can be deployed now.`);
}

async function showProposal(cli: Cli, given: Given): Promise<void> {
  const found = await read(cli, lab.getProposal, { proposal: (given.args[0] ?? '') as Proposal['id'] });
  const { proposal, shadow } = found;
  const effect = proposal.effect === null ? ['Its effect was not looked at yet.'] : effectLines(proposal.effect, cli.print.style);
  await cli.print.result(
    found,
    [
      `${proposal.id}  ${proposal.title}  (${proposal.state})`,
      '',
      ...effect,
      ...(shadow === null ? [] : ['', ...shadowLines(shadow)]),
    ],
    proposal.id,
  );
}

async function rollBack(cli: Cli, given: Given): Promise<void> {
  const typed = given.args[0];
  if (typed !== undefined && !/^\d{1,9}$/.test(typed))
    throw usage(`"${typed}" is no version.`, 'Look at "surety policy history".');
  const to = typed === undefined ? undefined : Number(typed);
  await askFirst(
    cli,
    `Roll the policy back${to === undefined ? '' : ` to version ${to}`}? It is in force at once, for every agent.`,
  );
  const done = await change(cli, lab.rollBackPolicy, to === undefined ? {} : { to });
  if (done === undefined) return;
  await cli.print.result(done, [cli.print.style.mark('allowed', `Version ${done.version} is in force.`)], String(done.version));
}

async function deployers(cli: Cli, given: Given): Promise<void> {
  const [add, remove] = [given.text('add'), given.text('remove')];
  if (add !== undefined) {
    await askFirst(cli, `Let the workload ${add} propose and deploy policy?`);
    await change(cli, lab.nameDeployer, { workload: add });
  }
  if (remove !== undefined) await change(cli, lab.removeDeployer, { workload: remove });
  const { items } = await read(cli, lab.listDeployers, {});
  await cli.print.list(items, {
    name: ({ name }) => name,
    columns: [
      { title: 'WORKLOAD', value: ({ name }) => name },
      { title: 'SINCE', value: ({ namedAt }) => namedAt },
    ],
  });
}

const stageOptions = [
  { flags: '--title <text>', about: 'what it is for' },
  { flags: '--shadow', about: 'change nothing: decide live calls by it as well, and count what would be otherwise' },
  { flags: '--agents <names>', about: 'in force for these agents first', repeat: true },
  {
    flags: '--groups <names>',
    about: 'in force first for agents that somebody in one of these groups answers for',
    repeat: true,
  },
  { flags: '--percent <number>', about: 'in force first for this share of all agents, chosen by the hash of their ids' },
];

export const labCommands: readonly CommandSpec[] = [
  { usage: 'pull [folder]', summary: 'Write policy, rules, roles and tests into a folder, for a repository', run: pull },
  { usage: 'test <folder>', summary: 'Run the tests beside a policy, here, without a server', run: testFolder },
  {
    usage: 'save <action>',
    summary: 'A recorded action as a test beside a policy, on standard output: surety policy save act_… > tests/one.json',
    run: async (cli, { args }) => {
      const { test, passes } = await read(cli, lab.readActionTest, { action: (args[0] ?? '') as never });
      if (!passes) cli.print.note('It does not pass on what is in force now.');
      await cli.print.result(test, [safeText(JSON.stringify(test, undefined, 2))], test.name);
    },
  },
  {
    usage: 'effect <folder|file|proposal>',
    summary: 'What a change would do: who gains and loses what, which recorded calls would fall otherwise. Changes nothing',
    options: [
      ...window,
      { flags: '--max-flips <number>', about: 'exit 3 when more recorded calls than this would fall otherwise' },
    ],
    run: showEffect,
  },
  {
    usage: 'propose <folder|file>',
    summary: 'Propose a change: a draft that is in force for nobody',
    changes: true,
    options: [{ flags: '--title <text>', about: 'what it is for' }],
    run: proposeFolder,
  },
  { usage: 'ls', summary: 'Proposals, newest first', run: listProposals },
  { usage: 'proposal <proposal>', summary: 'One proposal, its effect, and what it does in shadow', run: showProposal },
  {
    usage: 'deploy <folder|file|proposal>',
    summary: 'Put a change in force: for everyone at once, for some agents first, or in shadow',
    changes: true,
    options: stageOptions,
    run: deployFolder,
  },
  {
    usage: 'confirm <proposal>',
    summary: 'Say yes to a proposal as the second person',
    changes: true,
    options: window,
    run: confirm,
  },
  {
    usage: 'withdraw <proposal>',
    summary: 'Take a proposal back',
    changes: true,
    run: async (cli, { args }) => {
      const done = await change(cli, lab.withdrawProposal, { proposal: (args[0] ?? '') as Proposal['id'] });
      if (done !== undefined) await printProposal(cli, done, `${done.id} is withdrawn.`);
    },
  },
  {
    usage: 'history',
    summary: "Versions of the organisation's policy",
    run: async (cli) => {
      const { items } = await read(cli, lab.listPolicyVersions, {});
      await cli.print.list(items, versionShape(cli.io.now()));
    },
  },
  {
    usage: 'rollback [version]',
    summary: 'Put an earlier version in force again; the one before, when left out. Ends a stage',
    changes: true,
    run: rollBack,
  },
  {
    usage: 'deployers',
    summary: 'Workloads that may propose and deploy policy: pipelines',
    changes: true,
    options: [
      { flags: '--add <workload>', about: 'let this workload do it' },
      { flags: '--remove <workload>', about: 'no longer' },
    ],
    run: deployers,
  },
];

async function listProposals(cli: Cli): Promise<void> {
  const [{ items }, people] = await Promise.all([read(cli, lab.listProposals, {}), peopleNames(cli)]);
  await cli.print.list(items, proposalShape(people, cli.io.now()), 'Nothing was proposed. Begin with "surety policy pull".');
}
