import { clientCredentials } from './client-credentials.ts';
import type { Grant } from './grant.ts';

/** Every grant that is offered, by its `grant_type`. One file for each; the metadata is written from this table. */
export const grantTable: ReadonlyMap<string, Grant> = new Map([['client_credentials', clientCredentials]]);
