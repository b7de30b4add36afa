import type { Obligations } from '@surety/contract/obligations';

/** Obligations by the id of the policy that they go with. */
export type ObligationsById = ReadonlyMap<string, Obligations>;
