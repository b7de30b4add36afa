import type { SigningKey } from '@surety/proof/jwk';
import type { Program } from '../../harness/program.ts';
import { openConnection, postBytes } from '../../load/http-connection.ts';
import type { HttpAnswer } from '../../load/read-answer.ts';
import { signAssertion, signProof } from '../../load/sign.ts';

export type TokenClient = { readonly id: string; readonly key: SigningKey };

/** A token endpoint, whose clients we are. */
export type TokenSide = {
  readonly name: string;
  readonly program: Program;
  readonly postgresPid: number | undefined;
  readonly port: number;
  readonly issuer: string;
  readonly resource: string;
  /** A protected system, where there is one: what tokens are exchanged for. */
  readonly system?: string | undefined;
  readonly clients: readonly TokenClient[];
  /** One who is known, and may have nothing any more. */
  readonly suspended: TokenClient | undefined;
};

const path = '/token';
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** What goes into one request; the parts that a forger would exchange. */
export type RequestParts = { readonly assertion: string; readonly proof: string };

export function signParts(side: TokenSide, { id, key }: TokenClient, nonce: string | undefined): RequestParts {
  return { assertion: signAssertion(key, id, side.issuer), proof: signProof(key, { url: `${side.issuer}${path}`, nonce }) };
}

export function requestOf(side: TokenSide, { assertion, proof }: RequestParts): Buffer {
  const form = {
    grant_type: 'client_credentials',
    scope: 'call',
    resource: side.resource,
    client_assertion_type: assertionType,
    client_assertion: assertion,
  };
  const headers = { 'content-type': 'application/x-www-form-urlencoded', dpop: proof };
  return postBytes(side.port, path, headers, new URLSearchParams(form).toString());
}

/** Requests that were never sent before, the clients taking turns. */
export function signRequests(
  side: TokenSide,
  { count, nonce }: { readonly count: number; readonly nonce: string },
): readonly Buffer[] {
  return Array.from({ length: count }, (_, at) => requestOf(side, signParts(side, clientAt(side, at), nonce)));
}

export function clientAt({ clients }: TokenSide, at: number): TokenClient {
  const client = clients[at % clients.length];
  if (client === undefined) throw new RangeError('there are no clients');
  return client;
}

/** The nonce that proofs must carry now, as any client gets it: by asking without one. */
export async function fetchNonce(side: TokenSide): Promise<string> {
  const answer = await sendOne(side, requestOf(side, signParts(side, clientAt(side, 0), undefined)));
  const nonce = answer.headers.get('dpop-nonce');
  if (nonce === undefined || answer.status === 200)
    throw new Error(`${side.name} demanded no nonce: ${answer.status} ${answer.body.toString('utf8', 0, 300)}`);
  return nonce;
}

export async function sendOne(side: TokenSide, request: Buffer): Promise<HttpAnswer> {
  const connection = await openConnection(side.port);
  try {
    return await connection.send(request);
  } finally {
    connection.close();
  }
}

/** Throws when an answer is not a token bound to a key. */
export function isIssued({ status, body }: HttpAnswer): void {
  if (status !== 200 || !body.includes('"access_token"') || !body.includes('"DPoP"'))
    throw new Error(`no token: ${status} ${body.toString('utf8', 0, 300)}`);
}
