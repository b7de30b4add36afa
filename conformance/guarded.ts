import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBridge } from '@surety/cli/bridge/open-bridge';
import { addSystem, classifyOperation, giveMandate, readMandate } from '@surety/contract/authority-routes';
import type { MandateDocument } from '@surety/contract/mandate';
import { moveAgent, openEnrolment, registerAgent } from '@surety/contract/registry-routes';
import { createSigningKey } from '@surety/sdk/agent-key';
import { createFetch } from '@surety/sdk/dpop-fetch';
import { claim, enrol } from '@surety/sdk/enrol';
import { signMandate } from '@surety/sdk/sign';
import { resourceAt, suretyWithKey } from '@surety/sdk/surety';
import { createTokenSource } from '@surety/sdk/token-source';
import { readConfig } from '@surety/server/config/config';
import { runSurety } from '../packages/surety/src/run-surety.ts';

/** The address at which a system is reached through a guard, by one agent that may call all of it. */
export type Guarded = {
  readonly url: string;
  /** The authorization server behind it. */
  readonly issuer: string;
  close(): Promise<void>;
};

const silent = { info: () => {}, warn: () => {}, error: () => {} };

/**
 * Starts the whole of Surety on loopback with a new database, protects the system at `url`, gives an agent a mandate for
 * all of its tools, and opens the bridge that adds the agent's token and proof for a caller that has neither.
 */
export async function openGuarded(url: string, databaseUrl?: string): Promise<Guarded> {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-house-'));
  const database = databaseUrl === undefined ? {} : { SURETY_DATABASE_URL: databaseUrl };
  const running = await runSurety(
    readConfig({ SURETY_DATA_DIR: folder, SURETY_PORT: '0', SURETY_GATEWAY_PORT: '0', SURETY_HOLD_MS: '0', ...database }),
    silent,
  );
  const place = { issuer: running.issuer, gateway: running.gateway.url };
  const key = await createSigningKey();
  const agent = await hireAgent(place, (await running.house.openClaim()).code, { system: url, key });
  const tokens = createTokenSource({ issuer: place.issuer, clientId: agent, key: async () => key });
  const fetch = createFetch({
    tokens,
    key: async () => key,
    resourceOf: (address) => resourceAt(address, place.issuer, place.gateway),
  });
  const bridge = await openBridge({
    port: 0,
    targets: new Map([['/mcp', `${place.gateway}/mcp/fixture`]]),
    fetch,
    note: () => {},
  });
  return {
    url: `${bridge.url}/mcp`,
    issuer: place.issuer,
    close: async () => {
      await bridge.close();
      await running.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Place = { readonly issuer: string; readonly gateway: string };
type Hiring = { readonly system: string; readonly key: Awaited<ReturnType<typeof createSigningKey>> };

async function hireAgent(place: Place, code: string, { system, key }: Hiring): Promise<string> {
  const ownKey = await createSigningKey();
  const { human } = await claim({ url: place.issuer, code, key: ownKey, name: 'owner', displayName: 'Owner', title: '' });
  const { client } = suretyWithKey({ ...place, clientId: human.id, key: ownKey });
  const { operations } = await client.call(addSystem, { name: 'fixture', upstream: { kind: 'mcp-http', url: system } });
  // None of them changes anything, and the suite asks what the guard does to the protocol, not what it asks a person about.
  for (const { name } of operations) await client.call(classifyOperation, { system: 'fixture', operation: name, effect: 'read' });
  const agent = await client.call(registerAgent, { name: 'suite', displayName: 'Suite', purpose: 'Be tested.', owner: human.id });
  const enrolment = await client.call(openEnrolment, { principal: agent.id });
  await enrol({ url: place.issuer, code: enrolment.code, key, label: 'suite' });
  await client.call(moveAgent, { agent: agent.id, to: 'active', reason: 'ready' });
  const document: MandateDocument = {
    agent: agent.id,
    purpose: 'Be tested.',
    autonomy: 'act',
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    permissions: [{ system: 'fixture', actions: operations.map(({ name }) => name) }],
  };
  const { digest } = await client.call(readMandate, { document });
  await client.call(giveMandate, { document, signature: await signMandate(ownKey, { digest, agent: agent.id }, Date.now()) });
  return agent.id;
}
