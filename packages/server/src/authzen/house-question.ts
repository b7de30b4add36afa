import type { AccessReason } from '@surety/contract/authzen';
import type { Call } from '@surety/contract/call';
import type { AuthenticatedCaller } from '@surety/contract/enforcement';
import { ExactNumber, type ExactRecord, type ExactValue, isExactRecord } from '@surety/contract/exact-json';
import type { Task } from '@surety/contract/task';
import type { AccessQuestion, AskedEntity } from '@surety/decision/authzen/access-question';
import { digestCall } from '@surety/decision/call-digest';
import { kindOf } from '#registry/principal';
import type { AuthzenRoom } from './authzen-room.ts';
import type { Pep } from './pep.ts';

/** The type of resource that stands for an operation of a protected system: `tool` `crm.search_accounts`. */
export const houseResource = 'tool';

/** What calling an operation may be called: by us, in examples of the standard, and by COAZ-MCP. */
export const callActions: readonly string[] = ['call', 'invoke', 'tools/call'];

/** A question about our own world, as the decision point takes it. */
export type HouseQuestion = { readonly caller: AuthenticatedCaller; readonly call: Call };

/**
 * Reads a question about an operation. Who acts is the agent: the subject itself, or the one that acts for the person who is the
 * subject (RFC 8693 §4.1). Whatever is stated of the chain is held against the chain that is stored for the task, and
 * decides nothing: a statement that disagrees is refused.
 */
export async function readHouseQuestion(
  room: AuthzenRoom,
  { application }: Pick<Pep, 'application'>,
  question: AccessQuestion,
): Promise<HouseQuestion | AccessReason> {
  const { subject, action, resource, context } = question;
  if (!callActions.includes(action.name)) return 'action.unknown';
  const at = resource.id.indexOf('.');
  if (at < 1) return 'resource.unknown';
  const [system, operation] = [resource.id.slice(0, at), resource.id.slice(at + 1)];
  if (!application.systems.has(system)) return 'system.not_yours';
  const args = argumentsOf(question);
  if (args === undefined) return 'question.malformed';
  const stated = statedChain(room.issuer, subject, context);
  if (typeof stated === 'string') return stated;
  const acting = await principalOf(room, stated.agent);
  if (acting === undefined || kindOf(acting) !== 'agent') return 'subject.unknown';
  const taskId = textOf(context['task']) ?? textOf(subject.properties['task']);
  const chain = taskId === undefined ? undefined : await room.authority.chain(taskId);
  if (!(await agrees(room, stated, chain))) return 'chain.disagrees';
  const digest = digestCall({ agent: acting, system, operation, arguments: args });
  const caller = callerOf(room, { agent: acting, taskId, task: chain?.at(-1), token: tokenOf(subject.properties['token']) });
  return { caller, call: { protocol: 'mcp', system, operation, arguments: args, digest } };
}

/** The arguments of the call, from the one place where they stand. Undefined when they are no object, or stand in two. */
function argumentsOf({ resource, context }: AccessQuestion): ExactRecord | undefined {
  const places = [context['arguments'], resource.properties['arguments']].filter((one) => one !== undefined);
  if (places.length > 1) return undefined;
  const [given = {}] = places;
  return isExactRecord(given) ? given : undefined;
}

/** What is said of who acts: the agent, those above it from the nearest up, and the person for whom. */
type StatedChain = { readonly agent: string; readonly above: readonly string[]; readonly human: string | undefined };

function statedChain(issuer: string, { type, id, properties }: AskedEntity, context: ExactRecord): StatedChain | AccessReason {
  const acts = actorsOf(issuer, properties['act']);
  if (typeof acts === 'string') return acts;
  if (type === 'agent') return { agent: id, above: acts, human: nameOf(properties['on_behalf_of']) };
  if (!['human', 'user', 'identity'].includes(type)) return 'subject.unsupported';
  const [agent = textOf(context['agent']), ...above] = acts;
  if (agent !== undefined) return { agent, above, human: agent === id ? undefined : id };
  return kindOf(id) === 'agent' ? { agent: id, above: [], human: undefined } : 'subject.unsupported';
}

/** Far beyond how often work may be handed on. */
const maxActors = 20;

/** `act`, from the outermost, who acts now, inwards (RFC 8693 §4.1). Whom another issuer names is nobody that we know. */
function actorsOf(issuer: string, act: ExactValue | undefined): readonly string[] | AccessReason {
  const actors: string[] = [];
  let next = act;
  while (next !== undefined) {
    const sub = isExactRecord(next) ? textOf(next['sub']) : undefined;
    if (!isExactRecord(next) || sub === undefined || actors.length === maxActors) return 'question.malformed';
    if (next['iss'] !== undefined && next['iss'] !== issuer) return 'chain.disagrees';
    actors.push(sub);
    next = next['act'];
  }
  return actors;
}

function nameOf(value: ExactValue | undefined): string | undefined {
  if (!isExactRecord(value)) return textOf(value);
  return textOf(value['id']) ?? textOf(value['sub']);
}

/** Whether what is stated is what is stored: the person who asked at the root, and every agent above, from the nearest up. */
async function agrees(room: AuthzenRoom, { above, human }: StatedChain, chain: readonly Task[] | undefined): Promise<boolean> {
  if (human === undefined && above.length === 0) return true;
  if (chain === undefined) return false;
  const root = chain[0];
  if (human !== undefined && (await principalOf(room, human)) !== root?.requester) return false;
  const stored = chain.slice(0, -1).toReversed();
  if (above.length > stored.length) return false;
  const named = await Promise.all(above.map((one) => principalOf(room, one)));
  return named.every((id, at) => id === stored[at]?.agent);
}

async function principalOf({ facts }: AuthzenRoom, ref: string): Promise<string | undefined> {
  return kindOf(ref) === undefined ? facts.resolveName(ref) : ref;
}

/** What the PEP says of the token that it has verified: an end of any of it since then counts. */
type StatedToken = { readonly id: string; readonly issuedAtSeconds: number | undefined };

function tokenOf(value: ExactValue | undefined): StatedToken {
  const token = isExactRecord(value) ? value : {};
  const issuedAt = token['iat'];
  const issuedAtSeconds = issuedAt instanceof ExactNumber ? issuedAt.toNumber() : undefined;
  return { id: textOf(token['jti']) ?? '', issuedAtSeconds };
}

type Acting = {
  readonly agent: string;
  readonly taskId: string | undefined;
  readonly task: Task | undefined;
  readonly token: StatedToken;
};

/**
 * The agent as if it had called: by the copy that opened the task, with what is stated of its token. No token was seen here, so
 * nothing is believed to be older than now unless it is said to be.
 */
function callerOf({ clock }: AuthzenRoom, { agent, taskId, task, token }: Acting): AuthenticatedCaller {
  const nowSeconds = Math.floor(clock() / 1000);
  return {
    principal: agent,
    kind: 'agent',
    credential: task?.instance ?? '',
    jkt: '',
    task: taskId,
    tokenId: token.id,
    issuedAtSeconds: Math.min(token.issuedAtSeconds ?? nowSeconds, nowSeconds),
    expiresAtSeconds: nowSeconds + 60,
    proofId: '',
    proofIssuedAtSeconds: nowSeconds,
  };
}

function textOf(value: ExactValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= 300 ? value : undefined;
}
