import type { PartnerClient } from '@surety/contract/federation';
import type { AgentId, PartnerClientId } from '@surety/contract/id';
import { orFault, type Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import type { PartnerClientRow } from '#store/rows';

const columns = 'id, audience, agent, client_id, state, created_at';

/** What an agent is called by the authorization server `audience`. */
export async function findPartnerClient(tx: Tx, audience: string, agent: string): Promise<PartnerClient | undefined> {
  const { rows } = await tx.query<PartnerClientRow>(
    `select ${columns} from partner_client where audience = $1 and agent = $2 and state = 'active'`,
    [audience, agent],
    'partner-client',
  );
  return rows[0] && fromRow(rows[0]);
}

/** Reads one and holds the row until the transaction ends. Fault `issuer.not_found`. */
export async function lockPartnerClient(tx: Tx, id: string): Promise<PartnerClient> {
  const { rows } = await tx.query<PartnerClientRow>(`select ${columns} from partner_client where id = $1 for update`, [id]);
  if (rows[0] === undefined) throw new Fault('issuer.not_found', id);
  return fromRow(rows[0]);
}

export async function listPartnerClients(tx: Tx): Promise<PartnerClient[]> {
  const { rows } = await tx.query<PartnerClientRow>(
    `select ${columns} from partner_client where state = 'active' order by audience, client_id`,
  );
  return rows.map(fromRow);
}

/** Fault `name.taken` when the agent is known there already, or another is by this name. */
export async function addPartnerClientRow(tx: Tx, partner: PartnerClient): Promise<void> {
  const { id, audience, agent, clientId, state, createdAt } = partner;
  const values = [id, audience, agent, clientId, state, createdAt];
  await orFault(tx.query(`insert into partner_client (${columns}) values ($1, $2, $3, $4, $5, $6)`, values), 'name.taken');
}

export async function savePartnerClient(tx: Tx, { id, state }: PartnerClient): Promise<void> {
  await tx.query('update partner_client set state = $2 where id = $1', [id, state]);
}

function fromRow(row: PartnerClientRow): PartnerClient {
  return {
    id: row.id as PartnerClientId,
    audience: row.audience,
    agent: row.agent as AgentId,
    clientId: row.client_id,
    state: row.state as PartnerClient['state'],
    createdAt: row.created_at.toISOString(),
  };
}
