import { vocabularies } from '@surety/decision/cedar-schema';
import { writeSchema } from '@surety/decision/write-schema';
import { page, table } from './gen-reference.ts';

/** Where each part of Cedar's question comes from. */
const mapping: readonly (readonly [string, string, string])[] = [
  [
    'principal',
    '`Agent::"agt_…"`',
    'The agent that calls. Where an agent above is asked whether it may pass a call on, that agent.',
  ],
  ['action', '`Action::"system.operation"`', 'The operation of a protected system, in the group of its effect.'],
  ['resource', '`System::"system"`', 'The protected system.'],
  [
    'context.args',
    'the arguments',
    'As they were sent; what Cedar cannot hold is `Unheld`. Not in the schema: their types are not known.',
  ],
  [
    'context.facts',
    'what was computed before',
    'Arguments by JSON pointer with typed sides, time, the human at the root, where values came from.',
  ],
];

/** What every fact means. */
const facts: Readonly<Record<string, string>> = {
  now: 'The instant of the decision.',
  operation: 'The name of the operation.',
  effect: '`read`, `write`, `destructive`, `money`, `external` or `unknown`.',
  trigger: 'What began the task at the root: `agent`, `schedule`, `event` or `human`.',
  human: 'The human at the root: who asked, or who answers for the agent that acts by itself.',
  depth: 'How many agents passed this on.',
  at: 'One argument by JSON pointer: `context.facts.at["/amount"].number`. Ask with `has`, for the pointer and for the side.',
  hours: 'Whether it is such a time: `context.facts.hours["08:00-18:00 Europe/Berlin mon,tue"]`.',
  labels: 'What the task tree has read so far.',
  from: 'Where the values of one argument were met, and the labels of that: `context.facts.from["/iban"]`.',
};

const groups: Readonly<Record<string, string>> = {
  read: 'Changes nothing.',
  write: 'Changes something that can be put back.',
  destructive: 'Removes or overwrites.',
  money: 'Moves money.',
  external: 'Reaches somebody outside.',
  unknown: 'Nobody has said what it does; in the group `destructive` too.',
};

const annotations: readonly (readonly [string, string, string])[] = [
  ['`@id("…")`', 'any', 'How decisions name the policy.'],
  ['`@because("…")`', 'any', 'Why, for people who may see the action. A model is not told.'],
  ['`@tell("…")`', 'any', 'What a model is told instead: write nothing that teaches how to stay below a threshold.'],
  ['`@hold("…")`', 'organisation', 'A match of either effect asks a person, and permits nothing.'],
  ['`@mask("/email /items/*/iban")`', 'a permit', 'These fields of the result never leave the guard.'],
  [
    '`@clamp("/limit 100")`',
    'a permit',
    'Page sizes and time-outs of reads are brought down to this. With anything else the call is denied.',
  ],
  ['`@notify("…")`', 'a permit', 'A person is told of every such call.'],
  ['`@record("payload")`', 'a permit', 'What came back is kept, sealed, beside the outcome.'],
];

/** How a call becomes Cedar's question, and all that a policy may name: computed from the vocabulary itself. */
export function cedarPage(): string {
  const { facts: names, actionGroups } = vocabularies.call;
  return page('Policies in Cedar', 'packages/decision/src/cedar-schema.ts', [
    'Policies of roles and of the organisation are Cedar 4. A mandate compiles to the same. Each line of the intersection is a set',
    'of its own and is evaluated by itself; in every line a forbid wins, silence denies, and a policy that errs denies.',
    '',
    '## How a call becomes a question',
    '',
    ...table(['Part', 'Is', 'Of'], mapping),
    '',
    '## Facts',
    '',
    ...table(
      ['`context.facts.…`', 'What it says'],
      names.map((name) => [`\`${name}\``, wordsOf(facts, name)]),
    ),
    '',
    '## Groups of actions',
    '',
    'A group stands right of `in`: `action in Action::"money"`. No action is a group itself.',
    '',
    ...table(
      ['Group', 'Operations that'],
      actionGroups.map((name) => [`\`${name}\``, wordsOf(groups, name)]),
    ),
    '',
    '## Annotations',
    '',
    ...table(['Annotation', 'Where', 'What it does'], annotations),
    '',
    'What a permit obliges to holds whatever else permits the call; obligations of every line count, those of agents above too.',
    '',
    '## Schema',
    '',
    'The schema that the official Cedar tools read, without the operations of a house: `surety policy schema` prints it with them.',
    '',
    '```cedarschema',
    ...writeSchema({ actions: [], pointers: ['/amount'], hours: ['08:00-18:00 Europe/Berlin mon,tue,wed,thu,fri'] })
      .trimEnd()
      .split('\n'),
    '```',
  ]);
}

function wordsOf(words: Readonly<Record<string, string>>, name: string): string {
  const found = words[name];
  if (found === undefined) throw new TypeError(`the page does not know what ${name} means`);
  return found;
}
