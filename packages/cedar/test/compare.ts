import { isDeepStrictEqual } from 'node:util';
import type { AskAll, Outcome } from './cedar-under-test.ts';
import type { Batch } from './random-batch.ts';

/** Where two engines said different things of one request. */
export type Difference = { readonly request: number; readonly official: Outcome; readonly ours: Outcome };

export function findDifferences(
  { policies, world }: Batch,
  official: readonly Outcome[],
  askOurs: AskAll,
): readonly Difference[] {
  const ours = askOurs(policies, world);
  return official.flatMap((outcome, request) => {
    const mine = ours[request];
    if (mine === undefined) throw new Error('a request was not answered');
    return isDeepStrictEqual(outcome, { decision: mine.decision, reasons: mine.reasons, errors: mine.errors })
      ? []
      : [{ request, official: outcome, ours: mine }];
  });
}

/** A difference in words, with the policies that it is about: enough to write it down as a case of the corpus. */
export function describe({ policies, world }: Batch, { request, official, ours }: Difference): string {
  const of = (outcome: Outcome) =>
    new Map([...outcome.reasons.map((id) => [id, 'holds'] as const), ...outcome.errors.map((id) => [id, 'errs'] as const)]);
  const [theirs, mine] = [of(official), of(ours)];
  const ids = policies.map((_, at) => `p${at}`).filter((id) => theirs.get(id) !== mine.get(id));
  const about = ids
    .slice(0, 3)
    .map(
      (id) =>
        `${id}: official ${theirs.get(id) ?? 'silent'}, ours ${mine.get(id) ?? 'silent'}\n${print(policies[Number(id.slice(1))])}`,
    );
  return [
    `official ${official.decision}, ours ${ours.decision}`,
    ...about,
    print(world.requests[request]),
    print(world.entities),
  ].join('\n');
}

function print(json: unknown): string {
  return JSON.stringify(json, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
