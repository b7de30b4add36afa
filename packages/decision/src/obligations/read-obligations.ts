import type { Permission } from '@surety/contract/mandate';
import { Obligations } from '@surety/contract/obligations';
import type { ObligationsById } from './obligations-by-id.ts';

/** Annotations with which a policy obliges whoever enforces it. */
const obliging = ['mask', 'clamp', 'notify', 'record'] as const;

type Annotated = {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  readonly annotations: Readonly<Record<string, string>>;
};

/**
 * What a policy obliges to: `@mask("/customer/email /items/0/iban")`, `@clamp("/limit 100 /timeout 30")`, `@notify("why")`,
 * `@record("payload")`. Undefined where it obliges to nothing; an issue in words where that cannot be read.
 */
export function readObligations({ effect, annotations }: Annotated): Obligations | string | undefined {
  const given = obliging.filter((name) => annotations[name] !== undefined);
  if (given.length === 0) return undefined;
  if (effect === 'forbid' || annotations['hold'] !== undefined)
    return `@${given[0]} can stand only at a permit that lets calls pass`;
  const { clamp, record } = annotations;
  const pairs = clamp?.trim().split(/\s+/) ?? [];
  if (pairs.length % 2 !== 0 || pairs.some((one, at) => at % 2 === 1 && !/^\d{1,10}$/.test(one)))
    return '@clamp says pointers and whole numbers in turn: @clamp("/limit 100")';
  if (record !== undefined && record !== 'payload') return '@record says what is kept: @record("payload")';
  const read = Obligations.safeParse(writtenOut(annotations, pairs));
  return read.success ? read.data : issueIn(read.error.issues[0], given[0]);
}

function writtenOut({ mask, clamp, notify, record }: Annotated['annotations'], pairs: readonly string[]): object {
  return {
    ...(mask === undefined ? {} : { mask: mask.trim().split(/\s+/) }),
    ...(clamp === undefined ? {} : { clamp: Object.fromEntries(pairsOf(pairs)) }),
    ...(notify === undefined ? {} : { notify }),
    ...(record === undefined ? {} : { record: true }),
  };
}

type Issue = NonNullable<ReturnType<typeof Obligations.safeParse>['error']>['issues'][number];

function issueIn(issue: Issue | undefined, name = ''): string {
  const reason = issue?.code === 'invalid_key' ? issue.issues[0]?.message : issue?.message;
  return `@${String(issue?.path[0] ?? name)}: ${reason ?? 'cannot be read'}`;
}

function pairsOf(words: readonly string[]): readonly (readonly [string, number])[] {
  return words.flatMap((word, at) => (at % 2 === 0 ? [[word, Number(words[at + 1])] as const] : []));
}

/** Of the policies that oblige to something, what; undefined when none does. */
export function obligationsOf(policies: readonly Annotated[]): ObligationsById | undefined {
  const found = policies.flatMap((policy) => {
    const read = readObligations(policy);
    return read === undefined || typeof read === 'string' ? [] : [[policy.id, read] as const];
  });
  return found.length === 0 ? undefined : new Map(found);
}

/** The same of permissions: `<prefix>2` is the second. */
export function permissionObligations(
  ...lists: readonly { readonly prefix: string; readonly permissions: readonly Permission[] }[]
): ObligationsById | undefined {
  const found = lists.flatMap(({ prefix, permissions }) =>
    permissions.flatMap(({ obligations }, at) =>
      obligations === undefined ? [] : [[`${prefix}${at + 1}`, obligations] as const],
    ),
  );
  return found.length === 0 ? undefined : new Map(found);
}
