import { writeExactJson, type ExactRecord } from '@surety/contract/exact-json';
import type { SystemRequest } from '../upstream/upstream.ts';
import { nameOf } from './check-version.ts';
import { forward, type ForwardEnd } from './forward.ts';
import type { Ask } from './ask.ts';
import type { Guard } from './guard.ts';
import { encodeHeaderValue } from './header-value.ts';
import type { JsonRpcId } from './json-rpc.ts';
import { openNoticeLine } from './notice-line.ts';
import { redactorOf } from './redact.ts';

/** What goes to the system: rebuilt here, never the caller's own bytes or headers. */
export type Outgoing = {
  readonly verb: SystemRequest['method'];
  readonly id: JsonRpcId | undefined;
  readonly method?: string;
  readonly params?: ExactRecord;
  readonly body?: ExactRecord;
  readonly headers?: Readonly<Record<string, string>>;
  /** For a stream: when the token that opened it expires. Nothing outlives its token. */
  readonly openUntilSeconds?: number;
  /** The operation that is called, where one is. */
  readonly operation?: string;
  /** Whether what comes before the answer is passed on. */
  readonly withNotices: boolean;
};

/** Headers that are HTTP's or MCP's own: a credential cannot be one of them. */
const reservedHeader =
  /^(?:host|connection|content-.*|transfer-encoding|te|trailer|upgrade|keep-alive|expect|accept|mcp-.*|last-event-id)$/i;

/**
 * Step 7 of the life of a call (ARCHITECTURE.md): the last look, the system's own credential, and the request. Watches for
 * the end of any link while it is under way. Never rejects but for a fault of the house before anything was sent.
 */
export async function forwardToSystem(guard: Guard, ask: Ask, outgoing: Outgoing): Promise<ForwardEnd> {
  const { house, limits } = guard;
  const { caller, system, cutSwitch, reply } = ask;
  const notices = openNoticeLine(guard, ask, outgoing.operation ?? '');
  const credential = await house.systemCredential(system);
  if (credential?.place.kind === 'header' && reservedHeader.test(credential.place.name)) return notSent('credential_unusable');
  const ignoreEnd = house.onEnd(caller, system, () => cutSwitch.cut('stopped'));
  const timer = setTimeout(
    () => cutSwitch.cut(outgoing.openUntilSeconds === undefined ? 'upstream_timeout' : 'token_expired'),
    timeLeft(outgoing, limits.callMs),
  );
  try {
    const upstream = guard.upstreams.of(system, credential);
    const secret = credential?.reveal();
    const request = systemRequest(ask, outgoing, credential?.place.kind === 'header' ? [credential.place.name, secret] : []);
    if (!house.isLive(caller, system)) return notSent('stopped');
    if (cutSwitch.word !== undefined) return notSent(cutSwitch.word);
    const end = await forward(upstream, request, {
      id: outgoing.id,
      era: ask.spoken.era,
      answerBytes: limits.answerBytes,
      redact: redactorOf(secret),
      cutSwitch,
      onNotice: (text) => !outgoing.withNotices || notices.say(text),
      onOpen: () => outgoing.openUntilSeconds !== undefined && reply.open(),
      onStart: (exchange) => notices.start(exchange),
    });
    await notices.settled();
    return end;
  } finally {
    clearTimeout(timer);
    ignoreEnd();
  }
}

function notSent(problem: string): ForwardEnd {
  return { kind: 'failed', problem, status: undefined };
}

/** `setTimeout` takes no more than 31 bits. */
function timeLeft({ openUntilSeconds }: Outgoing, callMs: number): number {
  return Math.min(openUntilSeconds === undefined ? callMs : Math.max(0, openUntilSeconds * 1_000 - Date.now()), 2 ** 31 - 1);
}

function systemRequest(
  { spoken, mcpSession }: Ask,
  outgoing: Outgoing,
  [credentialName, secret]: readonly (string | undefined)[],
): SystemRequest {
  const { verb, method, params, body } = outgoing;
  const headers: Record<string, string> = {
    accept: 'application/json, text/event-stream',
    'user-agent': 'surety',
    ...outgoing.headers,
  };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (spoken.version !== undefined) headers['mcp-protocol-version'] = spoken.version;
  if (mcpSession !== undefined) headers['mcp-session-id'] = mcpSession;
  if (spoken.era === 'stateless' && method !== undefined) {
    headers['mcp-method'] = method;
    const name = nameOf(method, params ?? {});
    if (name !== undefined) headers['mcp-name'] = encodeHeaderValue(name);
  }
  if (credentialName !== undefined && secret !== undefined) headers[credentialName.toLowerCase()] = secret;
  return {
    method: verb,
    headers,
    body: body === undefined ? undefined : writeExactJson(body),
    isStream: outgoing.openUntilSeconds !== undefined,
  };
}
