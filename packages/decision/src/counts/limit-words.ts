import type { DoneBy, HistoryRule, PastCondition } from '@surety/contract/history';
import { type CallPattern, durationMs, type Limit, type Measure } from '@surety/contract/limits';
import { memberWords, quoteOdd } from '../constraint-words.ts';
import { conditionOf } from './past-condition.ts';

/** A limit of a mandate in words: `May call payments.refund up to 250 EUR in total (/amount) in any 30 days; more is refused.` */
export function limitSentence(limit: Limit): string {
  const more = limit.exceed === 'hold' ? 'more asks a person' : 'more is refused';
  return `May ${limit.measure === 'pace' ? 'begin to call' : 'call'} ${limitWords(limit)}${perWords[limit.per]}; ${more}.`;
}

const perWords: Readonly<Record<Limit['per'], string>> = {
  task: ', counting what is done for it',
  agent: ', counting what is done for it',
  owner: ', counting all agents of its owner',
  organisation: ', counting all agents',
};

/** `payments.refund up to 250 EUR in total (/amount) in any 30 days`. */
export function limitWords({ of, measure, max, within = 'task' }: Limit): string {
  return `${patternsWords(of)} ${amountWords(measure, max)} ${within === 'task' ? 'in one task' : `in any ${durationWords(within)}`}`;
}

function amountWords(measure: Measure, max: string): string {
  if (measure === 'count') return `up to ${times(max)}`;
  if (measure === 'pace') return `up to ${times(max)}, whatever comes of it,`;
  if (typeof measure === 'string') return '';
  if ('distinct' in measure) return `with up to ${max} different values of ${quoteOdd(measure.distinct)}`;
  if ('rows' in measure) return `for up to ${max} rows of results in all`;
  const unit = measure.unit === undefined ? '' : ` ${quoteOdd(measure.unit.is)}`;
  return `up to ${max}${unit} in total (${quoteOdd(measure.sum)})`;
}

function times(count: string): string {
  return count === '1' ? 'once' : `${count} times`;
}

/** Which calls are meant: `payments.refund or payments.pay where /region is "EU"`. */
export function patternsWords(patterns: readonly CallPattern[]): string {
  return joinOr(patterns.map(patternWords));
}

function patternWords({ system, actions, effects, where = {} }: CallPattern): string {
  const on = system === '*' ? 'any system' : system;
  const called = actions.includes('*')
    ? `every operation of ${on}`
    : system === '*'
      ? `${joinOr(actions.map(quoteOdd))} of any system`
      : joinOr(actions.map((action) => quoteOdd(`${system}.${action}`)));
  const of = effects === undefined ? '' : ` with the effect ${joinOr(effects)}`;
  const conditions = Object.entries(where).map(([pointer, constraint]) => memberWords(pointer, constraint, 'in'));
  return `${called}${of}${conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`}`;
}

const lengths: readonly (readonly [number, string])[] = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
];

/** A length of time: `30 days`, `90 minutes`, and `day` for one. */
export function durationWords(duration: string): string {
  const ms = durationMs(duration) ?? 0;
  const [size, noun] = lengths.find(([one]) => ms % one === 0) ?? [1, 'millisecond'];
  const count = ms / size;
  return count === 1 ? noun : `${count} ${noun}s`;
}

/** A rule about the past in words. */
export function ruleSentence(rule: HistoryRule): string {
  const condition = conditionOf(rule);
  const then = rule.forbidIf === undefined ? 'asks a person' : 'is forbidden';
  return `Calling ${patternWords(rule.when)} ${then} if ${pastWords(condition)} (${JSON.stringify(rule.because)}).`;
}

const byWords: Readonly<Record<DoneBy, string>> = {
  task: 'in the same task',
  agent: 'by the same agent or one that it acts for',
  owner: 'by an agent of the same owner',
  requester: 'for the same who asked',
  same_person: 'for the same person, by whatever agents,',
  anyone: 'by anyone',
};

/** What of the past makes a rule so. */
export function pastWords({ happened, notHappened, by, within, same = [], atLeast = { count: 1 } }: PastCondition): string {
  const pattern = happened ?? notHappened;
  const what = pattern === undefined ? 'nothing' : patternWords(pattern);
  const alike = same.map(({ here, there }) => `${quoteOdd(there)} there the same as ${quoteOdd(here)} here`);
  const much =
    'sum' in atLeast
      ? `for ${atLeast.amount} or more in total (${quoteOdd(atLeast.sum)})`
      : 'distinct' in atLeast
        ? `with ${atLeast.count} or more different values of ${quoteOdd(atLeast.distinct)}`
        : atLeast.count === 1
          ? ''
          : `${atLeast.count} times or more`;
  const when = within === 'task' ? '' : `in the last ${durationWords(within)}`;
  const parts = [what, happened === undefined ? 'was not called' : 'was called', much, byWords[by], when];
  return [parts.filter((part) => part !== '').join(' '), ...alike].join(', ');
}

function joinOr(words: readonly string[]): string {
  return words.length <= 1 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
