import { canonicalJson, type ExactRecord, type ExactValue } from './exact-json.ts';

/**
 * One call as every guard understands it, whatever the protocol was (step 2 of the life of a call). `arguments` keeps every
 * digit; what is forwarded is serialised from it and from nothing else. `digest` is SHA-256 (base64url) over the
 * canonical JSON of agent, system, operation and arguments: the name of exactly this call.
 */
export type Call = {
  readonly protocol: 'mcp';
  readonly system: string;
  readonly operation: string;
  readonly arguments: { readonly [name: string]: ExactValue };
  readonly digest: string;
};

/** Everything that makes a call this call and no other. `agent` is the id of the principal, `system` a name. */
export type CallSubstance = {
  readonly agent: string;
  readonly system: string;
  readonly operation: string;
  readonly arguments: ExactRecord;
};

/**
 * The one text of a call, whose SHA-256 (base64url) is its digest: canonical JSON of agent, system, operation and
 * arguments. Every part stands behind its own member name and in quotes, so no two calls share a text.
 */
export function callText({ agent, system, operation, arguments: args }: CallSubstance): string {
  return canonicalJson({ agent, arguments: args, operation, system });
}
