/**
 * How a question becomes Cedar (principal, action, resource, context), and all that a policy may name.
 *
 * A call by an agent (`call`, for the organisation's policy, for what a role answers for or may ask, for mandates and hops).
 * The principal is always an agent, also where the rights of the person who asked are heard: that person is in the context.
 * Policies of roles and of the organisation are asked about the agent that calls; the mandate of an agent above is asked about
 * that agent, as if it made this very call, and a hop about the agent to which it passed something on.
 * - `principal`: `Agent::"agt_…"` with `name`, `riskTier`, `autonomy` and `owner`, a `Human::"hum_…"` with `name`, `roles`
 *   and `groups` (sets of names).
 * - `action`: `Action::"payments.refund"`, system and operation, in the group of its effect: `action in Action::"money"`.
 *   `unknown` is in the group `destructive` too.
 * - `resource`: `System::"payments"` with `name`.
 * - `context.args`: the arguments, as `cedar-value.ts` converts them.
 * - `context.facts`: what is computed before evaluation, because Cedar has no words for it:
 *   `now` (datetime), `operation`, `effect`; `trigger` (of the task at the root); `depth` (how many agents passed this on);
 *   `human`, the `Human` at the root: who asked, or, on the agent's own trigger, who answers for the agent there;
 *   `at["/amount"]`: one argument by JSON pointer, with its typed sides (`argument-facts.ts`);
 *   `hours["08:00-18:00 Europe/Berlin mon,tue"]`: whether it is such a time there (`hours.ts`);
 *   `labels` (Set of String): what the task tree has read so far;
 *   `from["/iban"]` (Set of String): where the values of one argument were met, `request`, `directory`, `trusted`, `untrusted` or
 *   `nowhere`, and the labels of that result (`flow/cedar-flow.ts`).
 *
 * A request to the API of the house (`house`): `principal` is `Human`, `Workload`, `Agent` or `Nobody` with `roles`;
 * `action` is that of the route, `Action::"agent:register"`; `resource` is `House::"house"`; `context` says how the
 * principal stands to what is asked about.
 */
export type PolicyVocabulary = {
  /** Entity types, and the attributes of each. */
  readonly types: Readonly<Record<string, readonly string[]>>;
  readonly principals: readonly string[];
  readonly resources: readonly string[];
  /** Members of `context`, and of `context.facts`. */
  readonly context: readonly string[];
  readonly facts: readonly string[];
  /** Groups of actions: right of `in`, never of `==`. */
  readonly actionGroups: readonly string[];
  readonly isAction: (id: string) => boolean;
  /** How the id of an action looks, for messages. */
  readonly actionForm: string;
};

export type Question = 'call' | 'house';

export const vocabularies: Readonly<Record<Question, PolicyVocabulary>> = {
  call: {
    types: {
      Agent: ['name', 'riskTier', 'autonomy', 'owner'],
      Human: ['name', 'roles', 'groups'],
      System: ['name'],
      Unheld: [],
    },
    principals: ['Agent'],
    resources: ['System'],
    context: ['args', 'facts'],
    facts: ['now', 'operation', 'effect', 'trigger', 'human', 'depth', 'at', 'hours', 'labels', 'from'],
    actionGroups: ['read', 'write', 'destructive', 'money', 'external', 'unknown'],
    isAction: (id) => /^[a-z0-9][a-z0-9-]*\../.test(id),
    actionForm: 'Action::"system.operation"',
  },
  house: {
    types: { Human: ['roles'], Workload: ['roles'], Agent: ['roles'], Nobody: ['roles'], House: [] },
    principals: ['Human', 'Workload', 'Agent', 'Nobody'],
    resources: ['House'],
    context: ['owns', 'self', 'handsOver', 'from', 'to'],
    facts: [],
    actionGroups: [],
    isAction: (id) => /^[a-z-]+:[a-z-]+$/.test(id),
    actionForm: 'Action::"agent:register"',
  },
};

/** The id of the action that calling an operation is. System names hold no point, so the first one divides. */
export function actionId(system: string, operation: string): string {
  return `${system}.${operation}`;
}

/** The groups of actions that an operation with this effect belongs to. */
export function groupsOf(effect: string): readonly string[] {
  return effect === 'unknown' ? ['unknown', 'destructive'] : [effect];
}
