import { hashAccessToken } from '@surety/proof/dpop';
import { generateSigningKey, type SigningKey } from '@surety/proof/jwk';
import { cpuOf, pinTo } from '../../harness/cpu.ts';
import type { Plan } from '../../harness/plan.ts';
import { type Program, startProgram } from '../../harness/program.ts';
import type { HttpAnswer } from '../../load/read-answer.ts';
import type { KnownAgent, NewAgent, NewSystem } from '../../programs/surety/furnish.ts';
import type { SuretyStarted } from '../../programs/surety-program.ts';
import { fetchNonce, isIssued, requestOf, sendOne, signParts, type TokenSide } from '../token/token-side.ts';

/** An agent with a token for the system, as its process would hold it. */
export type Holder = { readonly id: string; readonly key: SigningKey; readonly token: string; readonly ath: string };

/** Surety before the upstream, with agents of which some are at work. */
export type GuardedPlace = {
  readonly program: Program;
  readonly postgresPid: number;
  readonly port: number;
  /** The system's resource: where calls go and whom tokens are for. */
  readonly resource: string;
  /** Fresh tokens where the old ones would not last, and the nonce of now. Outside the clock. */
  prepare(): Promise<{ readonly holders: readonly Holder[]; readonly nonce: string }>;
  /** One more agent with a token, to be stopped. */
  addHolder(): Promise<Holder>;
};

export type PlaceOptions = { readonly agents: number; readonly upstreamUrl: string; readonly secret: string };

/** How many of the agents call. */
const maxAtWork = 100;

/** Tokens live for 300 s; they are renewed when they are this old. */
const renewAfterMs = 180_000;

export const operations: NewSystem['operations'] = [
  { name: 'lookup_record', effect: 'read' },
  { name: 'update_record', effect: 'write' },
];

export async function openPlace(plan: Plan, { agents, upstreamUrl, secret }: PlaceOptions): Promise<GuardedPlace> {
  const program = await startProgram('surety-program', plan);
  try {
    const started = await program.ask<SuretyStarted>('start');
    if (plan.pin) pinTo(started.postgresPid, cpuOf.load);
    await program.ask('protect', { name: 'crm', url: upstreamUrl, secret, operations } satisfies NewSystem);
    const resource = `${started.gatewayUrl}/mcp/crm`;
    const { issuer, port } = started;
    const side: TokenSide = {
      name: 'ours',
      program,
      postgresPid: undefined,
      port,
      issuer,
      resource,
      clients: [],
      suspended: undefined,
    };
    const clients = await addClients(program, agents);
    const clientSide = { ...side, clients };
    let holders: readonly Holder[] = [];
    let renewedAt = Number.NEGATIVE_INFINITY;
    return {
      program,
      postgresPid: started.postgresPid,
      port: started.gatewayPort,
      resource,
      prepare: async () => {
        const nonce = await fetchNonce(clientSide);
        if (Date.now() - renewedAt > renewAfterMs) {
          renewedAt = Date.now();
          holders = await Promise.all(atWork(clients).map((client) => holderOf(clientSide, client, nonce)));
        }
        return { holders, nonce };
      },
      addHolder: async () => {
        const [client] = await addClients(program, 1);
        if (client === undefined) throw new Error('no agent was added');
        return holderOf(clientSide, client, await fetchNonce(clientSide));
      },
    };
  } catch (thrown) {
    await program.close();
    throw thrown;
  }
}

type Client = TokenSide['clients'][number];

async function addClients(program: Program, count: number): Promise<readonly Client[]> {
  const keys = Array.from({ length: count }, () => generateSigningKey());
  const wanted = keys.map((key): NewAgent => ({
    name: `agent-${key.jkt
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, '')
      .slice(0, 40)}`,
    jwk: key.publicJwk,
  }));
  const known = await program.ask<readonly KnownAgent[]>('addAgents', wanted);
  return known.map(({ id }, at) => ({ id, key: keys[at] ?? generateSigningKey() }));
}

/** Evenly among all. */
function atWork(clients: readonly Client[]): readonly Client[] {
  const step = Math.max(1, Math.floor(clients.length / maxAtWork));
  return clients.filter((_, at) => at % step === 0).slice(0, maxAtWork);
}

async function holderOf(side: TokenSide, client: Client, nonce: string): Promise<Holder> {
  const answer: HttpAnswer = await sendOne(side, requestOf(side, signParts(side, client, nonce)));
  isIssued(answer);
  const { access_token: token } = JSON.parse(answer.body.toString('utf8')) as { access_token: string };
  return { ...client, token, ath: hashAccessToken(token) };
}
