import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { type PolicyVocabulary, type Question, vocabularies } from './cedar-schema.ts';
import { holdsUnseen } from './cedar-text.ts';
import { checkPolicy } from './check-policy.ts';
import { mergeNeeds, needsOf, noNeeds, type PolicyNeeds } from './policy-needs.ts';
import { readObligations } from './obligations/read-obligations.ts';
import { findOversize } from './policy-size.ts';
import { readEst } from './read-est.ts';

/** One policy. `id` is its `@id`, or `policy-N` by its place. `est` is its JSON form, whose literals may have lost digits. */
export type ReadPolicy = {
  readonly id: string;
  readonly text: string;
  readonly effect: 'permit' | 'forbid';
  readonly annotations: Readonly<Record<string, string>>;
  readonly est: unknown;
};

/** What is wrong, and where it begins: line and column from 1, the column in characters. */
export type PolicyIssue = { readonly line: number; readonly column: number; readonly message: string };

export type PolicyReading =
  | { readonly ok: true; readonly policies: readonly ReadPolicy[]; readonly needs: PolicyNeeds }
  | { readonly ok: false; readonly issues: readonly PolicyIssue[] };

export type ReadingOptions = {
  /** What the policies will be asked about; decides which names they may use. Default `call`. */
  readonly vocabulary?: Question | PolicyVocabulary;
  /** Whether `@hold("why")` may stand: only in the organisation's policy. Default true. */
  readonly holds?: boolean;
};

/** Each policy that may apply costs every decision some microseconds. */
const maxPolicies = 1000;

/**
 * Reads Cedar text. Refuses what does not parse, templates, ids that stand twice, and every name that the question's
 * vocabulary (`cedar-schema.ts`) does not have. An empty text is a set that permits nothing.
 */
export function readPolicies(text: string, { vocabulary = 'call', holds = true }: ReadingOptions = {}): PolicyReading {
  if (!text.isWellFormed())
    return { ok: false, issues: [{ line: 1, column: 1, message: 'the text is not well-formed Unicode' }] };
  const oversize = findOversize(text);
  if (oversize !== undefined) return { ok: false, issues: [{ ...lineAndColumn(text, oversize.at), message: oversize.message }] };
  const parts = cedar.policySetTextToParts(text);
  if (parts.type !== 'success')
    return { ok: false, issues: parts.errors.flatMap((error) => syntaxIssues(text, error)).slice(0, 20) };
  if (parts.policy_templates.length > 0) {
    return {
      ok: false,
      issues: [
        { ...placeOf(text, parts.policy_templates[0] ?? '', 0), message: 'a template (?principal, ?resource) cannot stand here' },
      ],
    };
  }
  if (parts.policies.length > maxPolicies)
    return { ok: false, issues: [{ line: 1, column: 1, message: `more than ${maxPolicies} policies` }] };
  const seen = new Set<string>();
  const read = placed(text, inOrder(parts.policies)).map((one, index) => readPolicy(one, { index, vocabulary, holds, seen }));
  const issues = read.flatMap(({ place, messages }) => messages.map((message) => ({ ...place, message })));
  if (issues.length > 0) return { ok: false, issues: issues.slice(0, 20) };
  return {
    ok: true,
    policies: read.map(({ policy }) => policy),
    needs: mergeNeeds([noNeeds, ...read.map(({ needs }) => needs)]),
  };
}

/** The text laid out as Cedar's formatter does, or undefined when it does not parse or is too large to. */
export function formatPolicies(text: string): string | undefined {
  if (findOversize(text) !== undefined) return undefined;
  const formatted = cedar.formatPolicies({ policyText: text });
  return formatted.type === 'success' ? formatted.formatted_policy : undefined;
}

type Place = { readonly line: number; readonly column: number };

/** cedar-wasm gives the parts sorted by their names `policy0`, `policy1`, `policy10`, …: back to the order of the text. */
function inOrder(sorted: readonly string[]): readonly string[] {
  const places = sorted.map((_, index) => index).sort((left, right) => (`policy${left}` < `policy${right}` ? -1 : 1));
  const ordered: string[] = [];
  places.forEach((place, index) => (ordered[place] = sorted[index] ?? ''));
  return ordered;
}

function placed(text: string, parts: readonly string[]): readonly { readonly part: string; readonly place: Place }[] {
  let from = 0;
  return parts.map((part) => {
    const at = Math.max(text.indexOf(part, from), from);
    from = at + part.length;
    return { part, place: lineAndColumn(text, at) };
  });
}

function placeOf(text: string, part: string, from: number): Place {
  return lineAndColumn(text, Math.max(text.indexOf(part, from), 0));
}

type Reading = {
  readonly index: number;
  readonly vocabulary: Question | PolicyVocabulary;
  readonly holds: boolean;
  readonly seen: Set<string>;
};

function readPolicy(
  { part, place }: { readonly part: string; readonly place: Place },
  { index, vocabulary, holds, seen }: Reading,
) {
  const answer = cedar.policyToJson(part);
  const est = answer.type === 'success' ? answer.json : undefined;
  const annotations = Object.fromEntries(Object.entries(est?.annotations ?? {}).map(([name, value]) => [name, value ?? '']));
  const id = annotations['id'] ?? `policy-${index + 1}`;
  const findings = readEst(est);
  const policy: ReadPolicy = { id, text: part, effect: est?.effect ?? 'forbid', annotations, est };
  const messages = [
    ...(est === undefined
      ? ['this policy cannot be read']
      : checkPolicy(est, findings, typeof vocabulary === 'string' ? vocabularies[vocabulary] : vocabulary)),
    ...checkAnnotations(policy, holds),
    ...(seen.has(id) ? [`two policies have the id ${id}`] : []),
  ];
  seen.add(id);
  return { policy, place, messages, needs: needsOf(findings) };
}

function checkAnnotations(policy: ReadPolicy, holds: boolean): readonly string[] {
  const { id, annotations } = policy;
  const hold = annotations['hold'];
  const obligations = readObligations(policy);
  return [
    ...(/^[\w.:/-]{1,100}$/.test(id) ? [] : ['an @id has at most 100 letters, digits and . _ : / -']),
    ...(hold !== undefined && !holds ? ['@hold cannot stand here; only the policy of the organisation holds'] : []),
    ...(typeof obligations === 'string' ? [obligations] : []),
    ...['hold', 'because', 'tell'].flatMap((name) => checkSentence(name, annotations[name]) ?? []),
  ];
}

/** `@hold`, `@because` and `@tell` are shown: there is something to read, and nothing that cannot be seen. */
function checkSentence(name: string, value: string | undefined): string | undefined {
  if (value === undefined || (value.trim() !== '' && value.length <= 200 && !holdsUnseen(value))) return undefined;
  return `@${name} says why in 1 to 200 visible characters`;
}

/** Cedar counts UTF-8 bytes. */
function syntaxIssues(text: string, error: cedar.DetailedError): readonly PolicyIssue[] {
  const start = error.sourceLocations?.[0]?.start ?? 0;
  const at = Buffer.from(text).subarray(0, start).toString().length;
  const message =
    error.message.replace(/^failed to parse policies from string: /, '') + (error.help === null ? '' : `; ${error.help}`);
  return [{ ...lineAndColumn(text, at), message }, ...(error.related ?? []).flatMap((related) => syntaxIssues(text, related))];
}

function lineAndColumn(text: string, at: number): Place {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: [...(before.at(-1) ?? '')].length + 1 };
}
