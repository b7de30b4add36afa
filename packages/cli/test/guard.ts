import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { ids } from './world.ts';
import type { Terminal } from './terminal.ts';

export type Heard = { readonly headers: IncomingHttpHeaders; readonly body: string; readonly path: string };

/** The guard at the other end: what it lists, what it heard of calls, and what it says to them. */
export type ScriptedGuard = {
  listed: readonly object[];
  heard: Heard[];
  /** Answers a request for the list of tools, and says whether it was one. */
  answersList(body: Buffer, response: ServerResponse): boolean;
  /** Answers the calls with these, one after the other, and with the last for good. */
  answers(...answers: readonly object[]): void;
};

export function scriptGuard({ server }: Terminal): ScriptedGuard {
  const guard: ScriptedGuard = {
    listed: [],
    heard: [],
    answersList: (body, response) => {
      if (JSON.parse(body.toString()).method !== 'tools/list') return false;
      send(response, { result: { resultType: 'complete', tools: guard.listed } });
      return true;
    },
    answers: (...answers) => {
      const left = [...answers];
      server.mcp = (request, body, response) => {
        if (guard.answersList(body, response)) return;
        guard.heard.push({ headers: request.headers, body: body.toString(), path: request.url ?? '' });
        send(response, (left.length > 1 ? left.shift() : left[0]) ?? {});
      };
    },
  };
  return guard;
}

export function send(response: ServerResponse, answer: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...answer }));
}

export const allowed = {
  result: { resultType: 'complete', content: [{ type: 'text', text: 'refunded' }], structuredContent: { ok: true } },
};
export const denied = {
  result: {
    isError: true,
    content: [{ type: 'text', text: 'Denied: refund. The amount 420 is above the limit.' }],
    structuredContent: { status: 'denied', reason: 'mandate.constraint', link: 'mandate', action: ids.action },
  },
};
export const held = {
  result: {
    isError: true,
    content: [{ type: 'text', text: 'Held: refund.' }],
    structuredContent: {
      status: 'held',
      approval: ids.request,
      expiresAt: new Date(Date.now() + 600_000).toISOString(),
      reason: 'held.mandate',
      action: ids.action,
    },
  },
};
