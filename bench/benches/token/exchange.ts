import { openConnection, postBytes } from '../../load/http-connection.ts';
import type { HttpAnswer } from '../../load/read-answer.ts';
import { clientAt, isIssued, sendOne, signParts, type TokenClient, type TokenSide } from './token-side.ts';

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

type Parameters = Readonly<Record<string, string>>;

/** Who hands work on, under which task, and the clients that may take it: those that are not in the chain. */
export type Chain = { readonly last: TokenClient; readonly task: string; readonly free: readonly TokenClient[] };

function tokenRequest(side: TokenSide, client: TokenClient, nonce: string, parameters: Parameters): Buffer {
  const { assertion, proof } = signParts(side, client, nonce);
  const form = { scope: 'call', client_assertion_type: assertionType, client_assertion: assertion, ...parameters };
  const headers = { 'content-type': 'application/x-www-form-urlencoded', dpop: proof };
  return postBytes(side.port, '/token', headers, new URLSearchParams(form).toString());
}

function offerRequest(side: TokenSide, { last, task }: Pick<Chain, 'last' | 'task'>, to: TokenClient, nonce: string): Buffer {
  return tokenRequest(side, last, nonce, { grant_type: 'client_credentials', resource: side.issuer, task, may_act: to.id });
}

function exchangeRequest(side: TokenSide, by: TokenClient, subject: string, nonce: string): Buffer {
  return tokenRequest(side, by, nonce, {
    grant_type: exchangeGrant,
    resource: systemOf(side),
    subject_token: subject,
    subject_token_type: accessTokenType,
  });
}

function systemOf({ system, name }: TokenSide): string {
  if (system === undefined) throw new Error(`${name} protects no system`);
  return system;
}

function granted(answer: HttpAnswer): { readonly token: string; readonly task: string } {
  isIssued(answer);
  const { access_token: token, task } = JSON.parse(answer.body.toString()) as { access_token: string; task: string };
  return { token, task };
}

/** A chain in which work was handed on `hops` times, each time by its last to one that is not in it. */
export async function openChain(side: TokenSide, hops: number, nonce: string): Promise<Chain> {
  let last = clientAt(side, 0);
  const own = { grant_type: 'client_credentials', resource: systemOf(side) };
  let { task } = granted(await sendOne(side, tokenRequest(side, last, nonce, own)));
  for (let hop = 1; hop <= hops; hop++) {
    const next = clientAt(side, hop);
    const { token } = granted(await sendOne(side, offerRequest(side, { last, task }, next, nonce)));
    ({ task } = granted(await sendOne(side, exchangeRequest(side, next, token, nonce))));
    last = next;
  }
  return { last, task, free: side.clients.slice(hops + 1) };
}

/** Exchanges that were never made before, each of a delegation token of its own: got before the clock runs. */
export async function signExchanges(
  side: TokenSide,
  { last, task, free }: Chain,
  { count, nonce }: { readonly count: number; readonly nonce: string },
): Promise<readonly Buffer[]> {
  const requests: Buffer[] = [];
  let begun = 0;
  const drive = async (): Promise<void> => {
    const connection = await openConnection(side.port);
    try {
      while (begun < count) {
        const child = free[begun++ % free.length] ?? last;
        const { token } = granted(await connection.send(offerRequest(side, { last, task }, child, nonce)));
        requests.push(exchangeRequest(side, child, token, nonce));
      }
    } finally {
      connection.close();
    }
  };
  await Promise.all(Array.from({ length: 16 }, drive));
  return requests;
}
