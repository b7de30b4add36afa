import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GuardHouse } from '@surety/contract/enforcement';
import { proofSpend } from '@surety/server/enforcement/proof-spend';
import { readBody } from '@surety/server/kernel/read-body';
import type { CommitQueue } from '@surety/server/ledger/commit-queue';
import { type Sealer, sealedDigest } from '@surety/server/keys/seal';
import { entryOf } from '@surety/server/ledger/entry';

/** Listens on loopback; the port, and how it ends. */
export type Listening = { readonly port: number; close(): void };

/** Reads JSON and writes JSON, and knows nobody: the least that any decision point over HTTP can cost. */
export function openBareEcho(): Promise<Listening> {
  return listen((request, response) => void answerWith(request, response, async () => {}));
}

export type Door = {
  readonly issuer: string;
  readonly guard: Pick<GuardHouse, 'authenticate'>;
  readonly queue: CommitQueue;
  readonly sealer: Sealer;
};

/**
 * The same behind the door of the decision point: token and proof verified, the proof spent and what was asked recorded, sealed
 * and durable, before it answers; it decides nothing.
 */
export function openDoorEcho({ issuer, guard, queue, sealer }: Door): Promise<Listening> {
  return listen((request, response) => {
    void answerWith(request, response, async (body) => {
      const caller = await guard.authenticate({
        method: 'POST',
        url: issuer + (request.url ?? ''),
        audience: `${issuer}/v1`,
        authorization: request.headers.authorization,
        dpop: request.headers['dpop'],
      });
      const sealed = sealer.seal('no-op', body);
      const entry = entryOf(
        {
          type: 'access.evaluated',
          actor: caller.principal,
          about: 'app_none',
          data: { ...sameAnswer, inputs: sealedDigest(sealed) },
          sealed,
        },
        Date.now,
      );
      const fence = { change: Number.MAX_SAFE_INTEGER, keys: [caller.principal, caller.credential, caller.tokenId] };
      await queue.commit({ entries: [entry], spends: [proofSpend(caller)], fence });
    });
  });
}

const sameAnswer = {
  version: 1,
  questions: 1,
  permitted: 1,
  reasons: ['permitted'],
  approval: null,
  evaluation: 'eva_none',
  change: 0,
};

async function answerWith(
  request: IncomingMessage,
  response: ServerResponse,
  admit: (body: Buffer) => Promise<void>,
): Promise<void> {
  try {
    const bytes = await readBody(request, 1_048_576);
    const body: unknown = JSON.parse(bytes.toString('utf8'));
    await admit(bytes);
    const text = JSON.stringify({ decision: body !== null });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
  } catch {
    response.writeHead(401, { 'content-length': 0 }).end();
  }
}

async function listen(listener: RequestListener): Promise<Listening> {
  const server = createServer(listener);
  await new Promise<void>((done) => server.listen({ host: '127.0.0.1', port: 0 }, done));
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}
