import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  CallLine,
  ResultLine,
  RunLine,
  TasksFile,
  type TraceCall,
  type TraceRun,
  type TraceSet,
  type TraceTool,
} from './trace.ts';

type Lines = {
  readonly runs: Map<string, RunLine>;
  readonly calls: Map<string, CallLine[]>;
  readonly results: Map<string, string>;
  /** The folder of each run. */
  readonly sets: Map<string, string>;
};

/**
 * Reads every set of recorded runs below a folder (`docs/reference/traces.md`). Throws with the file and line that cannot be
 * read.
 */
export function readTraces(folder: string): TraceSet {
  const lines: Lines = { runs: new Map(), calls: new Map(), results: new Map(), sets: new Map() };
  const tools = new Map<string, Map<string, TraceTool>>();
  const agents: object[] = [];
  for (const file of filesBelow(folder)) {
    if (/\.jsonl(?:\.gz)?$/.test(file)) readLines(file, relative(folder, dirname(file)), lines);
    else if (file.endsWith('tasks.json')) readTasks(file, tools);
    else if (file.endsWith('agents.json')) agents.push(JSON.parse(readFileSync(file, 'utf8')) as object);
  }
  const runs = [...new Set([...lines.runs.keys(), ...lines.calls.keys()])].map((run) => joinRun(run, lines));
  return { runs, tools: withToolsOfCalls(runs, tools), agents: Object.assign({}, ...agents) as unknown };
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new Error(`there is no folder ${folder}`);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

/** Lines of one file, whatever kinds it holds. */
function readLines(file: string, set: string, { runs, calls, results, sets }: Lines): void {
  const bytes = readFileSync(file);
  const content = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  for (const [at, line] of content.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      const value = JSON.parse(line) as object;
      if ('digest' in value) {
        const { digest, text } = ResultLine.parse(value);
        results.set(digest, text);
      } else if ('tool' in value) {
        const call = CallLine.parse(value);
        calls.set(call.run, [...(calls.get(call.run) ?? []), call]);
        sets.set(call.run, set);
      } else {
        const run = RunLine.parse(value);
        runs.set(run.run, run);
        sets.set(run.run, set);
      }
    } catch (thrown) {
      throw new Error(`${file}:${at + 1} cannot be read: ${thrown instanceof Error ? thrown.message : 'unknown'}`, {
        cause: thrown,
      });
    }
  }
}

function joinRun(id: string, { runs, calls, results, sets }: Lines): TraceRun {
  const own = (calls.get(id) ?? []).toSorted((one, other) => one.seq - other.seq);
  const head = runs.get(id) ?? own[0];
  if (head === undefined) throw new Error(`the run ${id} has neither a line nor a call`);
  return {
    id,
    set: sets.get(id) ?? '',
    suite: head.suite,
    version: head.version ?? '',
    model: head.model,
    task: head.user_task,
    injection: head.injection_task,
    prompt: runs.get(id)?.prompt ?? '',
    isHijacked: head.injection_task !== null && head.is_injected_goal_reached === true,
    calls: own.map((call) => joinCall(call, results)),
  };
}

function joinCall(call: CallLine, results: ReadonlyMap<string, string>): TraceCall {
  const { tool, args, error, result, result_digest: digest } = call;
  return {
    tool,
    args,
    result: result ?? (digest === null ? undefined : results.get(digest)) ?? error ?? undefined,
    isError: error !== null,
    isNecessary: call.goal_necessary === true,
    isGoal: call.goal_call === true,
    isAttack: call.goal_necessary === true || call.goal_call === true || (call.args_only_from_injection?.length ?? 0) > 0,
  };
}

/** The newest version of a tool wins: files name versions in their order. */
function readTasks(file: string, tools: Map<string, Map<string, TraceTool>>): void {
  const tasks = TasksFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  for (const [key, { tools: listed }] of Object.entries(tasks)) {
    const suite = key.slice(key.lastIndexOf('/') + 1);
    const known = tools.get(suite) ?? new Map<string, TraceTool>();
    tools.set(suite, known);
    for (const { name, description, params = [], inputSchema } of listed) {
      const named = Object.fromEntries(
        params.map((one) => (typeof one === 'string' ? [one, {}] : [one.name, { description: one.description }])),
      );
      known.set(name, { name, description, inputSchema: { type: 'object', properties: inputSchema?.properties ?? named } });
    }
  }
}

/** Where no documentation was recorded, a tool is known by the arguments that it was called with. */
function withToolsOfCalls(
  runs: readonly TraceRun[],
  tools: ReadonlyMap<string, ReadonlyMap<string, TraceTool>>,
): TraceSet['tools'] {
  const all = new Map([...tools].map(([suite, listed]) => [suite, [...listed.values()]]));
  for (const suite of new Set(runs.map((run) => run.suite))) if (!all.has(suite)) all.set(suite, toolsOf(runs, suite));
  return all;
}

function toolsOf(runs: readonly TraceRun[], suite: string): TraceTool[] {
  const names = new Map<string, Set<string>>();
  for (const { tool, args } of runs.filter((run) => run.suite === suite).flatMap(({ calls }) => calls)) {
    const known = names.get(tool) ?? new Set();
    names.set(tool, known);
    for (const name of Object.keys(args)) known.add(name);
  }
  return [...names].map(([name, given]) => ({
    name,
    description: '',
    inputSchema: { type: 'object', properties: Object.fromEntries([...given].map((one) => [one, {}])) },
  }));
}
