import type { AnyAnswer, Caller } from './answer.ts';
import { Fault } from './fault.ts';

/** Asks the decision point; throws `access.denied` when the answer is no. Given by `compose.ts`. */
export type Permit = (caller: Caller, action: string, input: unknown) => Promise<void>;

/** Read, ask policy, act, check what leaves. The only way to reach a verb, from the network or from inside the house. */
export async function perform(permit: Permit, caller: Caller, { route, act }: AnyAnswer, raw: unknown): Promise<unknown> {
  const read = route.input.safeParse(raw);
  if (!read.success) {
    throw new Fault('request.malformed', undefined, {
      issues: read.error.issues
        .slice(0, 20)
        .map((issue) => ({ path: `/${issue.path.map(String).join('/')}`, message: issue.message })),
    });
  }
  await permit(caller, route.action, read.data);
  return route.output.parse(await act(caller, read.data as never));
}
