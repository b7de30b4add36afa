import { type Application, ApplicationDocument } from '@surety/contract/authzen';
import type { ApplicationId, HumanId } from '@surety/contract/id';
import { orFault, type Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import type { ApplicationRow, ApplicationVersionRow } from '#store/rows';

type Row = ApplicationRow & Omit<ApplicationVersionRow, 'application' | 'version'>;

const newest = `select application.id, application.name, application.version, application.state,
    kept.document, kept.document_digest, kept.published_by, kept.published_at
  from application join application_version kept on kept.application = application.id and kept.version = application.version`;

export async function findApplication(tx: Tx, id: string): Promise<Application | undefined> {
  const { rows } = await tx.query<Row>(`${newest} where application.id = $1`, [id], 'application-by-id');
  return rows[0] && fromRow(rows[0]);
}

/** An application by id or name. Fault `application.not_found`. */
export async function getApplication(tx: Tx, ref: string): Promise<Application> {
  return firstOf((await tx.query<Row>(`${newest} where ${whereRef(ref)}`, [ref])).rows, ref);
}

/** The same, and the row is held until the transaction ends. */
export async function lockApplication(tx: Tx, ref: string): Promise<Application> {
  return firstOf((await tx.query<Row>(`${newest} where ${whereRef(ref)} for update of application`, [ref])).rows, ref);
}

/** Those that are answered now, by name. */
export async function listApplications(tx: Tx): Promise<Application[]> {
  const { rows } = await tx.query<Row>(`${newest} where application.state = 'active' order by application.name`);
  return rows.map(fromRow);
}

/** One writer of applications at a time, until the transaction ends. */
export async function lockApplications(tx: Tx): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('surety application', 0))`);
}

/** The id of an application with this name, removed or not: what was removed can be published again. */
export async function findApplicationId(tx: Tx, name: string): Promise<string | undefined> {
  const { rows } = await tx.query<{ id: string }>('select id from application where name = $1', [name]);
  return rows[0]?.id;
}

export async function addApplication(tx: Tx, { id, name, version, state }: Application): Promise<void> {
  await tx.query('insert into application (id, name, version, state) values ($1, $2, $3, $4)', [id, name, version, state]);
}

export async function saveApplication(tx: Tx, { id, version, state }: Application): Promise<void> {
  await tx.query('update application set version = $2, state = $3 where id = $1', [id, version, state]);
}

/** Adds a version. Earlier ones stay. */
export async function addApplicationVersion(tx: Tx, one: Application): Promise<void> {
  await tx.query(
    `insert into application_version (application, version, document, document_digest, published_by, published_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [one.id, one.version, JSON.stringify(one.document), one.documentDigest, one.publishedBy, one.publishedAt],
  );
}

/** From now on exactly these workloads ask for an application. Fault `application.pep_taken` when one asks for another. */
export async function savePeps(tx: Tx, application: string, workloads: readonly string[]): Promise<void> {
  await tx.query('delete from application_pep where application = $1', [application]);
  await orFault(
    tx.query('insert into application_pep (workload, application) select unnest($1::text[]), $2', [[...workloads], application]),
    'application.pep_taken',
  );
}

/** The application that a workload asks for. */
export async function findApplicationOfPep(tx: Tx, workload: string): Promise<string | undefined> {
  const { rows } = await tx.query<{ application: string }>(
    'select application from application_pep where workload = $1',
    [workload],
    'application-by-pep',
  );
  return rows[0]?.application;
}

function whereRef(ref: string): string {
  return ref.startsWith('app_') ? 'application.id = $1' : 'application.name = $1';
}

function firstOf(rows: readonly Row[], ref: string): Application {
  if (rows[0] === undefined) throw new Fault('application.not_found', ref);
  return fromRow(rows[0]);
}

function fromRow(row: Row): Application {
  return {
    id: row.id as ApplicationId,
    name: row.name,
    version: row.version,
    document: ApplicationDocument.parse(row.document),
    documentDigest: row.document_digest,
    publishedBy: row.published_by as HumanId,
    publishedAt: row.published_at.toISOString(),
    state: row.state as Application['state'],
  };
}
