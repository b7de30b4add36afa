import type { Agent, Autonomy, PrincipalState, RiskTier } from '@surety/contract/agent';
import { Manifest } from '@surety/contract/agent';
import type { AgentId, HumanId } from '@surety/contract/id';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import type { AgentRow } from '#store/rows';
import { addName } from './name-store.ts';

const columns = 'id, name, display_name, purpose, owner, deputies, risk_tier, autonomy, manifest, state, revision, created_at';

export async function findAgent(tx: Tx, id: string): Promise<Agent | undefined> {
  const { rows } = await tx.query<AgentRow>(`select ${columns} from agent where id = $1`, [id], 'agent-by-id');
  return rows[0] && fromRow(rows[0]);
}

export async function getAgent(tx: Tx, id: string): Promise<Agent> {
  const agent = await findAgent(tx, id);
  if (agent === undefined) throw new Fault('agent.not_found', id);
  return agent;
}

/** Reads an agent and holds the row until the transaction ends. */
export async function lockAgent(tx: Tx, id: string): Promise<Agent> {
  const { rows } = await tx.query<AgentRow>(`select ${columns} from agent where id = $1 for update`, [id]);
  if (rows[0] === undefined) throw new Fault('agent.not_found', id);
  return fromRow(rows[0]);
}

/** Every agent, or every one in a state, by name. */
export async function listAgents(tx: Tx, state?: PrincipalState): Promise<Agent[]> {
  const { rows } = await tx.query<AgentRow>(`select ${columns} from agent where $1::text is null or state = $1 order by name`, [
    state ?? null,
  ]);
  return rows.map(fromRow);
}

/** Active agents in the order of their ids, a page at a time: those after an id. */
export async function pageActiveAgents(tx: Tx, after: string, limit: number): Promise<Agent[]> {
  const { rows } = await tx.query<AgentRow>(
    `select ${columns} from agent where state = 'active' and id > $1 order by id limit $2`,
    [after, limit],
  );
  return rows.map(fromRow);
}

export async function countActiveAgents(tx: Tx): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(`select count(*) as count from agent where state = 'active'`);
  return rows[0]?.count ?? 0;
}

/** The agents that a person answers for and that have not retired, by name. */
export async function listAgentsOf(tx: Tx, owner: string): Promise<Agent[]> {
  const { rows } = await tx.query<AgentRow>(
    `select ${columns} from agent where owner = $1 and state <> 'retired' order by name`,
    [owner],
  );
  return rows.map(fromRow);
}

/** The agents that a person is a deputy of and that have not retired, by name. */
export async function listAgentsWithDeputy(tx: Tx, deputy: string): Promise<Agent[]> {
  const { rows } = await tx.query<AgentRow>(
    `select ${columns} from agent where deputies @> array[$1] and state <> 'retired' order by name`,
    [deputy],
  );
  return rows.map(fromRow);
}

export async function addAgent(tx: Tx, agent: Agent): Promise<void> {
  await addName(tx, agent.name, agent.id);
  await tx.query(`insert into agent (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, [
    agent.id,
    agent.name,
    agent.displayName,
    agent.purpose,
    agent.owner,
    agent.deputies,
    agent.riskTier,
    agent.autonomy,
    JSON.stringify(agent.manifest),
    agent.state,
    agent.revision,
    agent.createdAt,
  ]);
}

/** Who owns it is counted: what was given under one ownership is told from what was given under the next. */
export async function saveAgent(tx: Tx, agent: Agent): Promise<void> {
  await tx.query(
    `update agent set display_name = $2, purpose = $3, owner = $4, deputies = $5, risk_tier = $6, autonomy = $7, manifest = $8,
       state = $9, revision = $10, ownership = ownership + case when owner = $4 then 0 else 1 end
     where id = $1`,
    [
      agent.id,
      agent.displayName,
      agent.purpose,
      agent.owner,
      agent.deputies,
      agent.riskTier,
      agent.autonomy,
      JSON.stringify(agent.manifest),
      agent.state,
      agent.revision,
    ],
  );
}

function fromRow(row: AgentRow): Agent {
  return {
    id: row.id as AgentId,
    name: row.name,
    displayName: row.display_name,
    purpose: row.purpose,
    owner: row.owner as HumanId,
    deputies: row.deputies as HumanId[],
    riskTier: row.risk_tier as RiskTier,
    autonomy: row.autonomy as Autonomy,
    manifest: Manifest.parse(row.manifest),
    state: row.state as PrincipalState,
    revision: row.revision,
    createdAt: row.created_at.toISOString(),
  };
}
