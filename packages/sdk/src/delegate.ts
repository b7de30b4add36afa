import type { AgentAction } from '@surety/contract/delegation';
import { localError } from './surety-error.ts';
import type { GivenToken, TokenEndpoint, TokenParameters } from './token-endpoint.ts';

/** What is handed on at the most. What is left out is as it is above. */
export type Narrower = {
  /** The operations it is for (RFC 9396), each with conditions on its arguments: `agent.action('shop', 'read_order')`. */
  readonly details?: readonly AgentAction[] | undefined;
  /** How many further hops may hang below the one who takes it over: 0 to 8. */
  readonly depth?: number | undefined;
  /** Of a person: what is asked for. An agent's is that of its task. */
  readonly purpose?: string | undefined;
  /** Of a person: the values they stated, by name. The server keeps fingerprints of them, to know them again. */
  readonly values?: Readonly<Record<string, string | number>> | undefined;
};

/** What is asked for what was handed on. */
export type Exchange = {
  /** The first system to go to: `agent.gateway('shop')`. Others can be reached under the same task. */
  readonly resource: string;
  /** Narrower still than what was handed on. */
  readonly details?: readonly AgentAction[] | undefined;
};

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

/** The request for a token that names who may act (RFC 8693 §4.4) and is for the issuer itself: it opens nothing else. */
export function delegationParameters(
  issuer: string,
  child: string,
  { details, depth, purpose, values }: Narrower,
): { readonly resource: string } & Readonly<Record<string, string | undefined>> {
  return {
    resource: issuer,
    may_act: child,
    authorization_details: details === undefined ? undefined : JSON.stringify(details),
    delegation_depth: depth === undefined ? undefined : String(depth),
    purpose,
    request_values: values === undefined ? undefined : JSON.stringify(values),
  };
}

/** Exchanges a token that was handed on (RFC 8693 §2.1) for one of the caller's own, under a task of its own. */
export async function takeOver(
  endpoint: TokenEndpoint,
  subjectToken: string,
  { resource, details }: Exchange,
): Promise<GivenToken & { readonly task: string }> {
  const parameters: TokenParameters = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: subjectToken,
    subject_token_type: accessTokenType,
    requested_token_type: accessTokenType,
    resource,
    authorization_details: details === undefined ? undefined : JSON.stringify(details),
  };
  const given = await endpoint.ask(parameters);
  if (given.task === undefined)
    throw localError('local.unexpected_answer', ['The exchange named no task, so it cannot be gone on with.']);
  return { ...given, task: given.task };
}
