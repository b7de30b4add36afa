import { isExactRecord, readExactJson, toPlain } from '@surety/contract/exact-json';
import type { AuthenticatedClient } from '#authn/authenticate-client';
import { readPrincipalStanding } from '#authn/read-standing';
import type { LiveLink } from '#authn/read-chain';
import { hopsBelow } from '#delegation/hop';
import { createFingerprints, maxAskedInToken } from '#flow/fingerprints';
import { Fault } from '#kernel/fault';
import { kindOf } from '#registry/principal';
import { type Form, malformed, parameter, requiredParameter } from '../form.ts';
import type { Granted, HandedOn, LiveStanding } from '../issue-token.ts';
import type { IssuanceRoom } from '../issuance-room.ts';
import { checkNarrower } from '../narrow.ts';
import { readDetails } from '../read-details.ts';

/** Whose work it is, as far as it is known: the task it is done under, with its chain. A person's has none yet. */
export type OfferedWork = Pick<Granted, 'task' | 'isNew' | 'links'>;

/** What every token that is handed on says: it opens nothing here but an exchange. */
export const handedOnScope = 'call';

/** The most values of a request that are kept as fingerprints, and the longest of them. */
const maxAsked = 50;
const maxAskedLength = 500;

/**
 * A token that its holder hands to the agent that it names in `may_act`, who exchanges it for one of its own (RFC 8693 §4.4):
 * our own issuer is its audience, so it opens nothing else. A person hands on a piece of work, with a purpose and the values
 * they stated; an agent a part of its own, narrower in `authorization_details` or `delegation_depth`. Faults
 * `actor.unauthorized`, `delegation.refused`, `details.invalid`, `request.malformed`.
 */
export async function offerDelegation(
  room: IssuanceRoom,
  { form, client }: { readonly form: Form; readonly client: AuthenticatedClient },
  { principal }: LiveStanding,
  work: OfferedWork,
): Promise<Pick<Granted, 'handedOn'>> {
  const to = requiredParameter(form, 'may_act');
  await checkReceiver(room, to, { from: client.clientId, links: work.links ?? [] });
  if (principal.kind !== 'human') await checkMayHandOn(room, client.clientId);
  const text = parameter(form, 'authorization_details');
  const details = text === undefined ? null : await readDetails(room, text);
  const above = work.task?.grant?.details ?? null;
  if (above !== null && details !== null) checkNarrower(above, details, 'the hop above');
  const hops = principal.kind === 'human' ? hopsBelow(undefined, undefined) + 1 : await hopsOf(room, client.clientId, work);
  if (hops < 1) throw new Fault('delegation.refused', 'no further hop is left below this agent');
  const handedOn: HandedOn = {
    may_act: { iss: room.issuer, sub: to },
    details: details ?? above,
    delegation: {
      depth: Math.min(readDepth(form) ?? hops - 1, hops - 1),
      ...(principal.kind === 'human' ? statedBy(room, form) : refuseStated(form)),
    },
  };
  return { handedOn };
}

/** An agent whose mandate is over hands nothing on. One that never had any is refused at every call instead. */
export async function checkMayHandOn({ authority, clock }: IssuanceRoom, agent: string): Promise<void> {
  if (await authority.hasLostMandate(agent, clock()))
    throw new Fault('delegation.refused', 'the mandate of the agent that hands it on is over');
}

async function hopsOf({ authority }: IssuanceRoom, agent: string, { task }: OfferedWork): Promise<number> {
  return hopsBelow(task, (await authority.mandate(agent))?.document.maxDepth);
}

async function checkReceiver(
  { facts }: IssuanceRoom,
  to: string,
  { from, links }: { readonly from: string; readonly links: readonly LiveLink[] },
): Promise<void> {
  if (kindOf(to) !== 'agent') throw new Fault('actor.unauthorized', 'only an agent can be named in may_act');
  if (to === from || links.some(({ task }) => task.agent === to))
    throw new Fault('delegation.refused', 'the agent is in the chain already');
  const standing = await readPrincipalStanding(facts, to);
  if (!standing.live) throw new Fault('actor.unauthorized', standing.why);
}

function readDepth(form: Form): number | undefined {
  const text = parameter(form, 'delegation_depth');
  if (text === undefined) return undefined;
  return /^(?:[0-9]|10)$/.test(text) ? Number(text) : malformed('/delegation_depth', 'is a number from 0 to 10');
}

/** What a person says of the work. Values are kept as keyed fingerprints only: that they were stated, not what they are. */
function statedBy(room: IssuanceRoom, form: Form): Pick<HandedOn['delegation'], 'purpose' | 'asked'> {
  const purpose = requiredParameter(form, 'purpose');
  if (purpose.length > 500) malformed('/purpose', 'is at most 500 characters');
  const values = parameter(form, 'request_values');
  const texts = [purpose, ...(values === undefined ? [] : parseValues(values))];
  return { purpose, asked: createFingerprints(room.keyRing.flowSecret).asked(texts, maxAskedInToken) };
}

function refuseStated(form: Form): Record<string, never> {
  for (const name of ['purpose', 'request_values'])
    if (form.has(name)) malformed(`/${name}`, 'is for the person who asks; what an agent states of it is not believed');
  return {};
}

function parseValues(text: string): readonly string[] {
  try {
    const values = readExactJson(text, { depth: 2, nodes: 200 });
    const plain = isExactRecord(values) ? Object.values(values).map(toPlain) : [];
    const texts = plain.flatMap((one) => (typeof one === 'string' || typeof one === 'number' ? [String(one)] : []));
    const isSound = isExactRecord(values) && texts.length === plain.length && texts.length <= maxAsked;
    if (isSound && texts.every((one) => one.length <= maxAskedLength)) return texts;
  } catch {
    // refused below, like every other text that holds no values
  }
  return malformed('/request_values', `is a JSON object of at most ${maxAsked} texts and numbers`);
}
