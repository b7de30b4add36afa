import * as z from 'zod';

/**
 * Recorded runs of real agents, as `docs/reference/traces.md` describes them: lines of three kinds, told apart by their
 * members, and what each suite of tasks could call.
 */
export type TraceSet = {
  readonly runs: readonly TraceRun[];
  /** What the agent of a suite could call, as its documentation says. */
  readonly tools: ReadonlyMap<string, readonly TraceTool[]>;
  /** `agents.json` of the folder: what a security team says of agents that are not ours. */
  readonly agents: unknown;
};

export type TraceRun = {
  readonly id: string;
  /** The folder that it was found in, below the one that was given. */
  readonly set: string;
  readonly suite: string;
  readonly version: string;
  readonly model: string;
  readonly task: string;
  /** What the attacker wanted; null in a benign run. */
  readonly injection: string | null;
  /** What the person asked for, in words; empty where that was not recorded. */
  readonly prompt: string;
  /** Whether the attacker got it. */
  readonly isHijacked: boolean;
  readonly calls: readonly TraceCall[];
};

export type TraceCall = {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** What came back; undefined where it was not recorded. */
  readonly result: string | undefined;
  readonly isError: boolean;
  /** Leaving it out undoes what the attacker wanted. Scores a run; no decision looks at it. */
  readonly isNecessary: boolean;
  /** After it the attacker has what they wanted. Scores a run; no decision looks at it. */
  readonly isGoal: boolean;
  /** Serves the attacker: a person who is asked says no. Scores a run; no decision looks at it. */
  readonly isAttack: boolean;
};

export type TraceTool = {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: { readonly type: 'object'; readonly properties: Readonly<Record<string, object>> };
};

const text = z.string();
const orNull = <One extends z.ZodType>(one: One) => one.nullish().transform((value) => value ?? null);

export const RunLine = z.object({
  run: text,
  suite: text,
  version: orNull(text),
  model: text,
  user_task: text,
  injection_task: orNull(text),
  prompt: orNull(text),
  is_injected_goal_reached: orNull(z.boolean()),
});
export type RunLine = z.infer<typeof RunLine>;

export const CallLine = z.object({
  run: text,
  suite: text,
  version: orNull(text),
  model: text,
  user_task: text,
  injection_task: orNull(text),
  is_injected_goal_reached: orNull(z.boolean()),
  seq: z.int(),
  tool: text,
  args: z.record(z.string(), z.unknown()),
  error: orNull(text),
  result: orNull(text),
  result_digest: orNull(text),
  goal_call: orNull(z.boolean()),
  goal_necessary: orNull(z.boolean()),
  args_only_from_injection: z.array(z.unknown()).nullish(),
});
export type CallLine = z.infer<typeof CallLine>;

export const ResultLine = z.object({ digest: text, text });

const Parameter = z.union([text, z.object({ name: text, description: text.optional() })]);
export const ToolLine = z.object({
  name: text,
  description: text.default(''),
  params: z.array(Parameter).optional(),
  inputSchema: z.object({ properties: z.record(z.string(), z.object({}).loose()).optional() }).optional(),
});
/** `tasks.json`: by `<version>/<suite>` or `<suite>`. */
export const TasksFile = z.record(z.string(), z.object({ tools: z.array(ToolLine) }));
