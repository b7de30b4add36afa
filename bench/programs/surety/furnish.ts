import { join } from 'node:path';
import { Agent } from '@surety/contract/agent';
import { maxHops } from '@surety/contract/delegation';
import { MandateDocument } from '@surety/contract/mandate';
import type { Operation } from '@surety/contract/system';
import { generateSigningKey, type PublicJwk, thumbprint } from '@surety/proof/jwk';
import { signJws } from '@surety/proof/jws';
import { addSystem } from '@surety/server/catalogue/add-system';
import { classifyOperation } from '@surety/server/catalogue/classify-operation';
import type { House } from '@surety/server/compose';
import { mandateDigest } from '@surety/server/delegation/mandate-digest';
import { addMandate } from '@surety/server/delegation/mandate-store';
import type { Db, Tx } from '@surety/server/kernel/db';
import { newId } from '@surety/server/kernel/id';
import { readKeyFile } from '@surety/server/keys/key-file';
import { createSealer } from '@surety/server/keys/seal';
import { addAgent } from '@surety/server/registry/agent-store';
import { claimServer } from '@surety/server/registry/claim-server';
import { addCredential } from '@surety/server/registry/credential-store';

export type NewAgent = { readonly name: string; readonly jwk: PublicJwk };
export type KnownAgent = { readonly name: string; readonly id: string; readonly credential: string };
export type NewSystem = {
  readonly name: string;
  readonly url: string;
  readonly secret: string;
  readonly operations: readonly Pick<Operation, 'name' | 'effect'>[];
};

/** A house with its first person, ready to take agents and systems. */
export type Furnished = {
  readonly db: Db;
  readonly clock: () => number;
  /** Id of the person who answers for every agent. */
  readonly person: string;
  /** Agents that are active, each with one key and a signed mandate for every operation of `crm`. */
  addAgents(agents: readonly NewAgent[]): Promise<readonly KnownAgent[]>;
  protect(system: NewSystem): Promise<string>;
};

/** How many agents one transaction adds. */
const perTransaction = 500;

const noSchema = { type: 'object', properties: {} };

/** Claims the server. Agents go through the stores, without an entry each, so that ten thousand take seconds. */
export async function furnish(house: House, folder: string): Promise<Furnished> {
  const { db } = house.store;
  const clock = Date.now;
  const key = generateSigningKey();
  const { code } = await house.openClaim();
  const { human } = await claimServer(
    { db, clock },
    { code, name: 'maya', displayName: 'Maya', title: 'Head of support', jwk: key.publicJwk },
  );
  const signMandate = (claims: object): string =>
    signJws(key, { typ: 'surety-mandate+jwt', kid: key.kid }, JSON.stringify(claims));
  return {
    db,
    clock,
    person: human.id,
    addAgents: async (agents) => {
      const added: KnownAgent[] = [];
      for (let at = 0; at < agents.length; at += perTransaction) {
        const some = agents.slice(at, at + perTransaction);
        added.push(...(await db.transaction((tx) => addAll(tx, some, { owner: human.id, signMandate }))));
      }
      return added;
    },
    protect: async ({ name, url, secret, operations }) => {
      const describe = async () =>
        operations.map((one) => ({
          name: one.name,
          inputSchema: noSchema,
          definition: { name: one.name, inputSchema: noSchema },
        }));
      const catalogue = { db, clock, sealer: createSealer(readKeyFile(join(folder, 'key'))), describe, allowCommands: false };
      const credential = { place: { kind: 'header', name: 'authorization' }, value: secret } as const;
      const { id } = await addSystem(catalogue, human.id, {
        name,
        upstream: { kind: 'mcp-http', url, inside: true },
        credential,
      });
      for (const { name: operation, effect } of operations)
        await classifyOperation(catalogue, human.id, { system: id, operation, effect });
      return id;
    },
  };
}

type Giver = { readonly owner: string; readonly signMandate: (claims: object) => string };

async function addAll(tx: Tx, agents: readonly NewAgent[], giver: Giver): Promise<KnownAgent[]> {
  const added: KnownAgent[] = [];
  for (const agent of agents) added.push(await addOne(tx, agent, giver));
  return added;
}

async function addOne(tx: Tx, { name, jwk }: NewAgent, { owner, signMandate }: Giver): Promise<KnownAgent> {
  const createdAt = new Date().toISOString();
  const agent = Agent.parse({
    id: newId('agent'),
    name,
    displayName: name,
    purpose: 'Looks up and changes customer records',
    owner,
    deputies: [],
    riskTier: 'medium',
    autonomy: 'act_within_limits',
    manifest: {},
    state: 'active',
    revision: 1,
    createdAt,
  });
  const credential = newId<string>('credential');
  const document = MandateDocument.parse({
    agent: agent.id,
    purpose: agent.purpose,
    autonomy: 'act_within_limits',
    expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
    maxDepth: maxHops,
    permissions: [{ system: 'crm', actions: ['*'], where: { '/amount': { max: '250' } } }],
  });
  const digest = mandateDigest(document);
  await addAgent(tx, agent);
  await addCredential(tx, {
    id: credential,
    principal: agent.id,
    jkt: thumbprint(jwk),
    jwk,
    label: 'key',
    state: 'active',
    createdAt,
  });
  await addMandate(tx, {
    id: newId('mandate'),
    agent: agent.id,
    version: 1,
    document,
    documentDigest: digest,
    givenBy: agent.owner,
    state: 'active',
    createdAt,
    signature: signMandate({ digest, agent: agent.id, iat: Math.floor(Date.now() / 1_000) }),
  });
  return { name, id: agent.id, credential };
}
