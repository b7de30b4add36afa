import type { AuthenticatedCaller, GuardedSystem } from '@surety/contract/enforcement';
import { type ExactRecord, type ExactValue, isExactRecord } from '@surety/contract/exact-json';
import { protocolPrefix } from '@surety/contract/system';
import { digestCall } from '@surety/decision/call-digest';
import { offeredParams } from './offered.ts';
import { decidedAnswers, passedOn, type ReadCall, refused } from './read-tool-call.ts';

type Kind = 'text' | 'record' | 'record, if given';

/** The members of a request beside `_meta`, and which of them asks a system's questions back (MCP 2026-07-28). */
type Shape = { readonly members: Readonly<Record<string, Kind>>; readonly answers: boolean };

/** Methods that are decided as operations of their own. What is not listed in a request does not reach the system. */
const shapes: Readonly<Record<string, Shape>> = {
  'resources/read': { members: { uri: 'text' }, answers: true },
  'resources/subscribe': { members: { uri: 'text' }, answers: false },
  'resources/unsubscribe': { members: { uri: 'text' }, answers: false },
  'prompts/get': { members: { name: 'text', arguments: 'record, if given' }, answers: true },
  'completion/complete': { members: { ref: 'record', argument: 'record', context: 'record, if given' }, answers: false },
};

const maxTextLength = 8_192;

/**
 * Step 2 of the life of a call for a request that is no `tools/call`: the operation is `mcp:` and the method, its arguments
 * are the members of the request. What is forwarded is rebuilt from what is decided. Throws `Rejection` -32602.
 */
export function readMethodCall(
  method: string,
  params: ExactRecord,
  caller: AuthenticatedCaller,
  system: GuardedSystem,
): ReadCall {
  const shape = shapes[method];
  if (shape === undefined) throw new Error(`${method} has no shape`);
  const { _meta: meta, inputResponses, requestState, ...given } = params;
  if (meta !== undefined && !isExactRecord(meta)) throw refused('"params._meta" must be an object.');
  if (requestState !== undefined && typeof requestState !== 'string') throw refused('"params.requestState" must be a string.');
  if (!shape.answers && (inputResponses !== undefined || requestState !== undefined)) throw unknownMember();
  if (Object.keys(given).some((name) => !Object.hasOwn(shape.members, name))) throw unknownMember();
  for (const [name, kind] of Object.entries(shape.members)) checkMember(name, kind, given[name]);
  const substance = {
    system: system.name,
    operation: `${protocolPrefix}${method}`,
    arguments: { ...given, ...decidedAnswers(inputResponses, requestState) },
  };
  return {
    call: { protocol: 'mcp', ...substance, digest: digestCall({ agent: caller.principal, ...substance }) },
    params: offeredParams({
      ...given,
      ...passedOn(meta),
      ...(inputResponses === undefined ? {} : { inputResponses }),
      ...(requestState === undefined ? {} : { requestState }),
    }),
    progressToken: meta?.['progressToken'],
  };
}

function checkMember(name: string, kind: Kind, value: ExactValue | undefined): void {
  if (kind === 'text') {
    if (typeof value !== 'string' || value === '' || value.length > maxTextLength)
      throw refused(`"params.${name}" must be 1 to ${maxTextLength} characters.`);
  } else if (!isExactRecord(value) && (kind === 'record' || value !== undefined)) {
    throw refused(`"params.${name}" must be an object.`);
  }
}

function unknownMember() {
  return refused('"params" has a member that is not offered by this guard.');
}
