import { giveMandate, readMandate } from '@surety/contract/authority-routes';
import type { AgentAction } from '@surety/contract/delegation';
import type { MandateDocument } from '@surety/contract/mandate';
import { signMandate } from '@surety/sdk/sign';
import type { ByHand } from './by-hand.ts';
import type { Person } from './company.ts';
import { bodyOf, type RawAnswer } from './raw-http.ts';

/** What is asked for when work is handed on, beside to whom. */
export type Offer = {
  /** The task of the agent that hands it on; it opens one when left out. */
  readonly task?: string | undefined;
  readonly details?: readonly AgentAction[];
  readonly depth?: number;
  readonly form?: Readonly<Record<string, string | undefined>>;
};

/** A token and the task it is for. */
export type Held = { readonly token: string; readonly task: string };

export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

/** One operation of a system, as `authorization_details` has it. */
export function action(
  gateway: string,
  system: string,
  identifier: string,
  constraints?: AgentAction['constraints'],
): AgentAction {
  return {
    type: 'agent_action',
    locations: [`${gateway}/mcp/${system}`],
    actions: ['invoke'],
    identifier,
    ...(constraints === undefined ? {} : { constraints }),
  };
}

/** Asks for a token to hand to another agent. */
export function askOffer(
  issuer: string,
  from: ByHand,
  to: string,
  { task, details, depth, form }: Offer = {},
): Promise<RawAnswer> {
  return from.askToken(issuer, {
    form: {
      may_act: to,
      task,
      authorization_details: details === undefined ? undefined : JSON.stringify(details),
      delegation_depth: depth === undefined ? undefined : String(depth),
      ...form,
    },
  });
}

/** Exchanges a token that was handed on. */
export function askExchange(
  by: ByHand,
  resource: string,
  subject: string,
  form: Readonly<Record<string, string | undefined>> = {},
): Promise<RawAnswer> {
  return by.askToken(resource, {
    form: { grant_type: exchangeGrant, subject_token: subject, subject_token_type: accessTokenType, ...form },
  });
}

/** What a token request gave, or a failure of the test. */
export function heldOf(answer: RawAnswer): Held {
  const { access_token: token, task } = bodyOf(answer);
  if (answer.status !== 200 || typeof token !== 'string') throw new Error(`no token: ${answer.status} ${answer.text}`);
  return { token, task: String(task) };
}

/** Hands a piece of work to an agent, which takes it on for one resource. */
export async function handOn(
  at: { readonly issuer: string; readonly resource: string },
  from: ByHand,
  to: ByHand,
  offer: Offer = {},
): Promise<Held> {
  const offered = heldOf(await askOffer(at.issuer, from, to.id, offer));
  return heldOf(await askExchange(to, at.resource, offered.token));
}

/** Gives an agent a mandate with all that a mandate may say. */
export async function mandateOf(by: Person, agent: string, says: Partial<MandateDocument>): Promise<string> {
  const document: MandateDocument = {
    agent: agent as MandateDocument['agent'],
    purpose: 'Be tested.',
    autonomy: 'act',
    expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
    permissions: [],
    ...says,
  };
  const { digest } = await by.client.call(readMandate, { document });
  const signature = await signMandate(by.key, { digest, agent }, Date.now());
  return (await by.client.call(giveMandate, { document, signature })).id;
}
