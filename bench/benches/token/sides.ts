import { generateSigningKey, type SigningKey } from '@surety/proof/jwk';
import { cpuOf, pinTo } from '../../harness/cpu.ts';
import type { Plan } from '../../harness/plan.ts';
import { startProgram } from '../../harness/program.ts';
import type { OidcStart, OidcStarted } from '../../programs/oidc-provider-program.ts';
import type { KnownAgent, NewAgent } from '../../programs/surety/furnish.ts';
import type { SuretyStarted } from '../../programs/surety-program.ts';
import type { TokenSide } from './token-side.ts';

/** The whole of Surety on its own PostgreSQL, with agents, one of which is suspended. */
export async function startOurs(plan: Plan, clients: number): Promise<TokenSide> {
  const program = await startProgram('surety-program', plan);
  try {
    const { issuer, port, postgresPid, gatewayUrl } = await program.ask<SuretyStarted>('start');
    await program.ask('protect', { name: 'crm', url: 'http://127.0.0.1:9/mcp', secret: 'none', operations: [] });
    if (plan.pin) pinTo(postgresPid, cpuOf.load);
    const keys = newKeys(clients + 1);
    const agents = keys.map((key, at): NewAgent => ({ name: `agent-${at}`, jwk: key.publicJwk }));
    const known = await program.ask<readonly KnownAgent[]>('addAgents', agents);
    const all = known.map(({ id }, at) => ({ id, key: keys[at] ?? generateSigningKey() }));
    const suspended = all.pop();
    await program.ask('suspend', suspended?.id);
    const resources = { resource: `${issuer}/v1`, system: `${gatewayUrl}/mcp/crm` };
    return { name: 'ours', program, postgresPid, port, issuer, ...resources, clients: all, suspended };
  } catch (thrown) {
    await program.close();
    throw thrown;
  }
}

export async function startOidcProvider(plan: Plan, clients: number): Promise<TokenSide> {
  const program = await startProgram('oidc-provider-program', { ...plan, profileFolder: undefined });
  const all = newKeys(clients).map((key, at) => ({ id: `agent-${at}`, key }));
  const resource = 'https://api.example/v1';
  const wanted: OidcStart = { resource, clients: all.map(({ id, key }) => ({ id, jwk: key.publicJwk })) };
  try {
    const { issuer, port } = await program.ask<OidcStarted>('start', wanted);
    return {
      name: 'oidc-provider 9 in memory',
      program,
      postgresPid: undefined,
      port,
      issuer,
      resource,
      clients: all,
      suspended: undefined,
    };
  } catch (thrown) {
    await program.close();
    throw thrown;
  }
}

function newKeys(count: number): readonly SigningKey[] {
  return Array.from({ length: count }, () => generateSigningKey());
}
