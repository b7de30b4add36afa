import { hash } from 'node:crypto';
import type { Call } from '@surety/contract/call';
import type { AuthenticatedCaller, GuardedSystem } from '@surety/contract/enforcement';
import { type ExactRecord, type ExactValue, isExactRecord } from '@surety/contract/exact-json';
import { protocolPrefix } from '@surety/contract/system';
import { digestCall } from '@surety/decision/call-digest';
import { offeredParams } from './offered.ts';
import { Rejection } from './rejection.ts';

/** A request as it is decided, and the parameters that go to the system if it may. */
export type ReadCall = { readonly call: Call; readonly params: ExactRecord; readonly progressToken: ExactValue | undefined };

const maxNameLength = 200;

/** Answers to a system's questions and its own note about them (MCP 2026-07-28): they may change what the call does. */
const answersName = 'mcp:inputResponses';
const stateName = 'mcp:requestState';

/** What a tool may read beside its arguments. Anything else would reach it without having been decided. */
const passedMeta = /^(?:progressToken|traceparent|tracestate|baggage|io\.modelcontextprotocol\/.*)$/;

/**
 * Step 2 of the life of a call for MCP. What is forwarded is rebuilt from what is decided: name and arguments, and, decided as
 * two arguments more, the answers to the system's questions and the digest of its state. Throws `Rejection` -32602.
 */
export function readToolCall(params: ExactRecord, caller: AuthenticatedCaller, system: GuardedSystem): ReadCall {
  const { name, args, meta, inputResponses, requestState } = readParams(params);
  const substance = {
    system: system.name,
    operation: name,
    arguments: { ...args, ...decidedAnswers(inputResponses, requestState) },
  };
  return {
    call: { protocol: 'mcp', ...substance, digest: digestCall({ agent: caller.principal, ...substance }) },
    params: offeredParams({
      name,
      arguments: args,
      ...passedOn(meta),
      ...(inputResponses === undefined ? {} : { inputResponses }),
      ...(requestState === undefined ? {} : { requestState }),
    }),
    progressToken: meta?.['progressToken'],
  };
}

/** What answers to the system's questions add to what is decided. */
export function decidedAnswers(inputResponses: ExactValue | undefined, requestState: string | undefined): ExactRecord {
  return {
    ...(inputResponses === undefined ? {} : { [answersName]: inputResponses }),
    ...(requestState === undefined ? {} : { [stateName]: hash('sha256', requestState, 'base64url') }),
  };
}

/** What of `_meta` goes to the system. */
export function passedOn(meta: ExactRecord | undefined): ExactRecord {
  return meta === undefined ? {} : { _meta: Object.fromEntries(Object.entries(meta).filter(([key]) => passedMeta.test(key))) };
}

function readParams({ name, arguments: args = {}, _meta: meta, inputResponses, requestState, ...others }: ExactRecord) {
  if (typeof name !== 'string' || name === '' || name.length > maxNameLength)
    throw refused(`"params.name" must be 1 to ${maxNameLength} characters.`);
  if (name.startsWith(protocolPrefix)) throw refused(`"params.name" begins with what is kept for the protocol.`);
  if (!isExactRecord(args)) throw refused('"params.arguments" must be an object.');
  if (Object.hasOwn(args, answersName) || Object.hasOwn(args, stateName))
    throw refused('"params.arguments" holds a name that is kept for the protocol.');
  if (requestState !== undefined && typeof requestState !== 'string') throw refused('"params.requestState" must be a string.');
  if (meta !== undefined && !isExactRecord(meta)) throw refused('"params._meta" must be an object.');
  if (Object.keys(others).length > 0) throw refused('"params" has a member that is not offered by this guard.');
  return { name, args, meta, inputResponses, requestState };
}

export function refused(message: string): Rejection {
  return new Rejection(400, 'invalid_params', message);
}
