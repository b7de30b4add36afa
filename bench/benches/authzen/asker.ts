import { hashAccessToken } from '@surety/proof/dpop';
import { generateSigningKey, type SigningKey } from '@surety/proof/jwk';
import { decodeJwt } from 'jose';
import { cpuOf, pinTo } from '../../harness/cpu.ts';
import type { Plan } from '../../harness/plan.ts';
import { type Program, startProgram } from '../../harness/program.ts';
import { postBytes } from '../../load/http-connection.ts';
import { signProof } from '../../load/sign.ts';
import type { AuthzenStart, AuthzenStarted } from '../../programs/authzen-program.ts';
import { fetchNonce, isIssued, requestOf, sendOne, signParts, type TokenSide } from '../token/token-side.ts';

/** Surety as a decision point over HTTP, and a PEP that asks it. */
export type Asked = {
  readonly program: Program;
  readonly started: AuthzenStarted;
  /** A token and the nonce of now, and the task of the agent that is asked about. Outside the clock. */
  prepare(): Promise<Prepared>;
};

export type Prepared = {
  readonly key: SigningKey;
  readonly token: string;
  readonly ath: string;
  readonly nonce: string;
  readonly task: string;
};

export async function openAsked(plan: Plan): Promise<Asked> {
  const program = await startProgram('authzen-program', plan);
  try {
    const [pepKey, agentKey] = [generateSigningKey(), generateSigningKey()];
    const started = await program.ask<AuthzenStarted>('start', {
      pep: pepKey.publicJwk,
      agent: agentKey.publicJwk,
    } satisfies AuthzenStart);
    if (plan.pin) pinTo(started.postgresPid, cpuOf.load);
    const { issuer, port, gatewayUrl } = started;
    const common = { name: 'ours', program, postgresPid: undefined, port, issuer, suspended: undefined };
    const pep: TokenSide = { ...common, resource: `${issuer}/v1`, clients: [{ id: started.pep, key: pepKey }] };
    const agent: TokenSide = { ...common, resource: `${gatewayUrl}/mcp/crm`, clients: [{ id: started.agent.id, key: agentKey }] };
    const task = String(decodeJwt(await tokenOf(agent))['task']);
    return {
      program,
      started,
      prepare: async () => {
        const token = await tokenOf(pep);
        return { key: pepKey, token, ath: hashAccessToken(token), nonce: await fetchNonce(pep), task };
      },
    };
  } catch (thrown) {
    await program.close();
    throw thrown;
  }
}

async function tokenOf(side: TokenSide): Promise<string> {
  const [client] = side.clients;
  if (client === undefined) throw new RangeError('there is no client');
  const answer = await sendOne(side, requestOf(side, signParts(side, client, await fetchNonce(side))));
  isIssued(answer);
  return (JSON.parse(answer.body.toString('utf8')) as { access_token: string }).access_token;
}

export type Request = { readonly port: number; readonly path: string; readonly body: object };

/** One request of the PEP, with a proof of its own. */
export function askedBytes(
  { issuer }: AuthzenStarted,
  { key, token, ath, nonce }: Prepared,
  { port, path, body }: Request,
): Buffer {
  const dpop = signProof(key, { url: issuer + path, nonce, ath });
  const headers = { 'content-type': 'application/json', authorization: `DPoP ${token}`, dpop };
  return postBytes(port, path, headers, JSON.stringify(body));
}

/** A question to the application that is permitted, another one each time. */
export function recordQuestion(at: number): object {
  const desk = at % 20;
  return {
    subject: { type: 'user', id: `u${desk + 20 * (at % 25)}` },
    action: { name: 'read' },
    resource: { type: 'record', id: `r${desk + 20 * ((at * 7) % 25)}` },
  };
}

/** A question about an operation of a protected system that is permitted, with other arguments each time. */
export function toolQuestion(agent: string, task: string, at: number): object {
  return {
    subject: { type: 'agent', id: agent },
    action: { name: 'call' },
    resource: { type: 'tool', id: 'crm.update_record' },
    context: { task, arguments: { customer: `c-${at}`, amount: 20 } },
  };
}
