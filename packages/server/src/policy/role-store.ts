import { type Role, RoleDocument } from '@surety/contract/authority-routes';
import type { Tx } from '#kernel/db';
import type { RoleRow } from '#store/rows';

const columns = 'name, revision, document, set_at';

/** The newest revision of a role. */
export async function findRole(tx: Tx, name: string): Promise<Role | undefined> {
  const { rows } = await tx.query<RoleRow>(
    `select ${columns} from role where name = $1 order by revision desc limit 1`,
    [name],
    'role-by-name',
  );
  return rows[0] && fromRow(rows[0]);
}

/** One revision of a role, for computing a decision again. */
export async function findRoleRevision(tx: Tx, name: string, revision: number): Promise<Role | undefined> {
  const { rows } = await tx.query<RoleRow>(`select ${columns} from role where name = $1 and revision = $2`, [name, revision]);
  return rows[0] && fromRow(rows[0]);
}

/** The revision that was in force at an instant; the first one for an instant before it. */
export async function findRoleAt(tx: Tx, name: string, at: Date): Promise<Role | undefined> {
  const { rows } = await tx.query<RoleRow>(
    `select ${columns} from role where name = $1
     order by set_at <= $2 desc, case when set_at <= $2 then revision end desc nulls last, revision limit 1`,
    [name, at],
  );
  return rows[0] && fromRow(rows[0]);
}

/** The newest revision of every role, by name. */
export async function listRoles(tx: Tx): Promise<Role[]> {
  const { rows } = await tx.query<RoleRow>(`select distinct on (name) ${columns} from role order by name, revision desc`);
  return rows.map(fromRow);
}

/** Adds a revision. Earlier ones stay. */
export async function addRoleRevision(tx: Tx, { name, revision, document, setAt }: Role): Promise<void> {
  await tx.query(`insert into role (${columns}) values ($1, $2, $3, $4)`, [name, revision, JSON.stringify(document), setAt]);
}

function fromRow(row: RoleRow): Role {
  return { name: row.name, revision: row.revision, document: RoleDocument.parse(row.document), setAt: row.set_at.toISOString() };
}
