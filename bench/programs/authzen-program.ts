import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationDocument } from '@surety/contract/authzen';
import { type PublicJwk, thumbprint } from '@surety/proof/jwk';
import { publishApplication } from '@surety/server/authzen/publish-application';
import { readConfig } from '@surety/server/config/config';
import { newId } from '@surety/server/kernel/id';
import { readKeyFile } from '@surety/server/keys/key-file';
import { createSealer } from '@surety/server/keys/seal';
import { openLog } from '@surety/server/kernel/log';
import { openCommitQueue } from '@surety/server/ledger/commit-queue';
import { addCredential } from '@surety/server/registry/credential-store';
import { moveWorkload } from '@surety/server/registry/move-workload';
import { registerWorkload } from '@surety/server/registry/register-workload';
import { readPostmaster } from '@surety/server/store/embedded/data-folder';
import { type Running, runSurety } from 'surety/run-surety';
import { answerParent } from './answer-parent.ts';
import { furnish, type KnownAgent } from './surety/furnish.ts';
import { type Listening, openBareEcho, openDoorEcho } from './surety/no-op-door.ts';

export type AuthzenStart = { readonly pep: PublicJwk; readonly agent: PublicJwk };

export type AuthzenStarted = {
  readonly issuer: string;
  readonly gatewayUrl: string;
  readonly port: number;
  /** Where a bare echo answers, and one behind the same door. */
  readonly barePort: number;
  readonly doorPort: number;
  readonly pep: string;
  readonly agent: KnownAgent;
  readonly postgresPid: number;
};

/** People and records of an application, as many as a middling one has; and a policy for each of three actions. */
function world(pep: string): ApplicationDocument {
  const users = Array.from({ length: 500 }, (_, at) => ({
    type: 'user',
    id: `u${at}`,
    properties: { desk: at % 20, writes: at % 2 === 0 },
  }));
  const records = Array.from({ length: 500 }, (_, at) => ({
    type: 'record',
    id: `r${at}`,
    properties: { desk: at % 20, status: 'active' },
  }));
  return ApplicationDocument.parse({
    peps: [pep],
    systems: ['crm'],
    types: { user: { asserts: ['role'] }, record: { asserts: ['status'] } },
    actions: ['read', 'write', 'delete'],
    entities: [...users, ...records],
    policies: `
      @id("read") permit (principal is user, action == Action::"read", resource is record) when { principal.desk == resource.desk };
      @id("write") permit (principal is user, action == Action::"write", resource is record)
      when { principal.desk == resource.desk && principal.writes && resource.status != "archived" };
      @id("admin") permit (principal is user, action, resource is record) when { principal has role && principal.role == "admin" };
    `,
  });
}

const folder = mkdtempSync(join(tmpdir(), 'surety-bench-'));
let running: Running | undefined;
const ends: (() => unknown)[] = [];

async function start({ pep, agent }: AuthzenStart): Promise<AuthzenStarted> {
  const config = readConfig({ SURETY_DATA_DIR: folder, SURETY_PORT: '0', SURETY_GATEWAY_PORT: '0', SURETY_LOG_LEVEL: 'warn' });
  const log = openLog(config.SURETY_LOG_LEVEL);
  running = await runSurety(config, log);
  const { house, gateway, issuer } = running;
  const furnished = await furnish(house, folder);
  const { db, clock, person } = furnished;
  const workload = await registerWorkload({ db, clock }, person, {
    name: 'pep',
    displayName: 'A PEP',
    owner: person,
    deputies: [],
  });
  const credential = { id: newId<string>('credential'), principal: workload.id, jkt: thumbprint(pep), jwk: pep, label: 'key' };
  await db.transaction((tx) => addCredential(tx, { ...credential, state: 'active', createdAt: new Date().toISOString() }));
  await moveWorkload({ db, clock }, person, { workload: workload.id, to: 'active', reason: 'ready' });
  const operations = [{ name: 'update_record', effect: 'write' }] as const;
  await furnished.protect({ name: 'crm', url: 'http://127.0.0.1:1/mcp', secret: 'unused', operations });
  const [known] = await furnished.addAgents([{ name: 'agent-of-the-bench', jwk: agent }]);
  if (known === undefined) throw new Error('no agent was added');
  await publishApplication({ db, clock }, person, { application: 'records', document: world(workload.id) });
  const queue = openCommitQueue({ url: house.store.url, clock, log });
  const sealer = createSealer(readKeyFile(join(folder, 'key')));
  const bare: Listening = await openBareEcho();
  const door: Listening = await openDoorEcho({ issuer, guard: house.guard, queue, sealer });
  ends.push(bare.close, door.close, () => queue.close());
  return {
    issuer,
    gatewayUrl: gateway.url,
    port: Number(new URL(issuer).port),
    barePort: bare.port,
    doorPort: door.port,
    pep: workload.id,
    agent: known,
    postgresPid: readPostmaster(join(folder, 'postgres'))?.pid ?? 0,
  };
}

answerParent({ start }, async () => {
  for (const end of ends) await end();
  await running?.close();
  rmSync(folder, { recursive: true, force: true });
});
