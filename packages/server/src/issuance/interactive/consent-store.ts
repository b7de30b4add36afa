import { type AgentAction, AgentActions } from '@surety/contract/delegation';
import type { Tx } from '#kernel/db';

/** What a person agreed to. `task`: the id that the task will have which the code becomes. */
export type Consent = {
  readonly id: string;
  readonly human: string;
  readonly agent: string;
  readonly resource: string;
  readonly system: string;
  readonly purpose: string;
  readonly details: readonly AgentAction[] | null;
  readonly task: string;
  /** By which they agreed; null of an agreement that is older than this. */
  readonly passkey: string | null;
};

type Row = Omit<Consent, 'details'> & { readonly details: unknown };

const columns = 'id, human, agent, resource, system, purpose, details, task, passkey';

export async function addConsent(tx: Tx, consent: Consent, expiresAt: Date): Promise<void> {
  const { id, human, agent, resource, system, purpose, details, task, passkey } = consent;
  await tx.query(
    `insert into consent (${columns}, opened_after, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, (select coalesce(max(number), 0) from change), $10)`,
    [id, human, agent, resource, system, purpose, details === null ? null : JSON.stringify(details), task, passkey, expiresAt],
  );
}

/**
 * A consent. `isCutOff`: who gave it, or the agent it is for, was cut off since, or the passkey it was given by is revoked.
 * What other rooms keep is read here so that there is one truth about a consent.
 */
export async function findConsent(tx: Tx, id: string): Promise<{ consent: Consent; isCutOff: boolean } | undefined> {
  const { rows } = await tx.query<Row & { is_cut_off: boolean }>(
    `select ${columns}, exists (
       select from cut_off where cut_off.key in (consent.human, consent.agent) and cut_off.number > consent.opened_after
     ) or exists (select from passkey where passkey.id = consent.passkey and passkey.state = 'revoked') as is_cut_off from consent where id = $1`,
    [id],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { is_cut_off: isCutOff, details, ...given } = row;
  return { consent: { ...given, details: details === null ? null : AgentActions.parse(details) }, isCutOff };
}

/** Forgets the consent that a task came of, or was about to come of: nothing comes of it any more. */
export async function removeConsentOf(tx: Tx, task: string): Promise<void> {
  await tx.query('delete from consent where task = $1', [task]);
}

export async function pruneConsents(tx: Tx, before: Date): Promise<number> {
  return (await tx.query('delete from consent where expires_at < $1', [before])).rowCount;
}
