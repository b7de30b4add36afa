import type { Route } from '@surety/contract/route';
import type * as z from 'zod';

/** Who is asking: an authenticated principal, or nobody (a door that opens to a one-time code). */
export type Caller = {
  readonly principal: string;
  readonly kind: 'human' | 'workload' | 'agent' | 'nobody';
  readonly credential: string;
};

export const nobody: Caller = { principal: 'nobody', kind: 'nobody', credential: '' };

export type Answer<In extends z.ZodType = z.ZodType, Out extends z.ZodType = z.ZodType> = {
  readonly route: Route<In, Out>;
  readonly act: (caller: Caller, input: z.output<In>) => Promise<z.input<Out>>;
};

/** Joins a route of the contract to the verb that answers it. A room exports these; the hall hangs them. */
export function answer<In extends z.ZodType, Out extends z.ZodType>(
  route: Route<In, Out>,
  act: Answer<In, Out>['act'],
): Answer<In, Out> {
  return { route, act };
}

/** An answer whose types are forgotten, for lists. The hall still validates by the route. */
export type AnyAnswer = { readonly route: Route; readonly act: (caller: Caller, input: never) => Promise<unknown> };
