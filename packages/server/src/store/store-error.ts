/**
 * Why the database cannot be opened, for the person who starts the house: what is wrong and what to do. Safe to print
 * as it is: it names hosts, roles, databases and folders, never a password.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** The `code` of an error by Node or by PostgreSQL (`ENOENT`, `28P01`), or an empty string. */
export function errorCode(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
}
