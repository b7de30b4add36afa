import type * as z from 'zod';
import type { FaultCode } from './faults.ts';

/** Who may ask at all: anyone who holds a one-time code, or an authenticated principal whom policy then judges. */
export type Door = 'code' | 'principal';

/** One HTTP operation, described once; validation, OpenAPI, SDK, CLI and docs all read this value. */
export type Route<In extends z.ZodType = z.ZodType, Out extends z.ZodType = z.ZodType> = {
  /** Unique; the name of the method in the typed client. */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Members in braces are taken from the input: `/v1/agents/{agentId}`. */
  readonly path: `/${string}`;
  /** One sentence for documentation and the CLI. */
  readonly summary: string;
  /** The action asked of the decision point before the handler runs. There is no route without one. */
  readonly action: `${string}:${string}`;
  readonly door: Door;
  readonly input: In;
  readonly output: Out;
  readonly faults: readonly FaultCode[];
};

export function route<In extends z.ZodType, Out extends z.ZodType>(
  spec: Omit<Route<In, Out>, 'door'> & { readonly door?: Door },
): Route<In, Out> {
  return { door: 'principal', ...spec };
}

/** What is sent to a route, before it is read. */
export type InputOf<One extends { readonly input: z.ZodType }> = z.input<One['input']>;

/** What a route answers, after it was read. */
export type OutputOf<One extends { readonly output: z.ZodType }> = z.output<One['output']>;

/** Why a schema refused a value: where, and what was expected. */
export type SchemaIssue = z.core.$ZodIssue;

/** Names of the members of the input that travel in the path. */
export function pathMembers(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
}
