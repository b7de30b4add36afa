import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '@surety/server/config/config';
import { moveAgent } from '@surety/server/registry/move-agent';
import { openLog } from '@surety/server/kernel/log';
import { readPostmaster } from '@surety/server/store/embedded/data-folder';
import { type Running, runSurety } from 'surety/run-surety';
import { answerParent } from './answer-parent.ts';
import { type Furnished, furnish, type NewAgent, type NewSystem } from './surety/furnish.ts';
import { measureCommit } from './surety/measure-commit.ts';

export type SuretyStarted = {
  readonly issuer: string;
  readonly port: number;
  readonly gatewayUrl: string;
  readonly gatewayPort: number;
  readonly postgresPid: number;
};

/** The whole of Surety as people run it, on a PostgreSQL of its own in a new folder that is removed at the end. */
const folder = mkdtempSync(join(tmpdir(), 'surety-bench-'));
let running: Running | undefined;
let furnished: Furnished | undefined;

async function start(): Promise<SuretyStarted> {
  const config = readConfig({ SURETY_DATA_DIR: folder, SURETY_PORT: '0', SURETY_GATEWAY_PORT: '0', SURETY_LOG_LEVEL: 'warn' });
  running = await runSurety(config, openLog(config.SURETY_LOG_LEVEL));
  const { house, gateway, issuer } = running;
  furnished = await furnish(house, folder);
  return {
    issuer,
    port: Number(new URL(issuer).port),
    gatewayUrl: gateway.url,
    gatewayPort: Number(new URL(gateway.url).port),
    postgresPid: readPostmaster(join(folder, 'postgres'))?.pid ?? 0,
  };
}

function house(): Furnished {
  if (furnished === undefined) throw new Error('it has not been started');
  return furnished;
}

answerParent(
  {
    start,
    addAgents: (agents: readonly NewAgent[]) => house().addAgents(agents),
    protect: (system: NewSystem) => house().protect(system),
    commitMs: (times: number) => measureCommit(house().db, house().person, times),
    suspend: (agent: string) =>
      moveAgent(house(), house().person, { agent, to: 'suspended', reason: 'A benchmark looks whether it holds' }),
  },
  async () => {
    await running?.close();
    rmSync(folder, { recursive: true, force: true });
  },
);
