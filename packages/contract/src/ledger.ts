import * as z from 'zod';

const Hash = z.string().describe('Base64 of 32 bytes.');

export const LedgerEntry = z
  .strictObject({
    index: z.int().nonnegative(),
    leaf: Hash,
    entry: z.string().describe('The exact text that was hashed.'),
  })
  .meta({ id: 'LedgerEntry' });
export type LedgerEntry = z.infer<typeof LedgerEntry>;

export const CheckpointView = z
  .strictObject({
    origin: z.string(),
    size: z.int().nonnegative(),
    root: Hash,
    note: z.string().describe('The checkpoint as a signed note (C2SP tlog-checkpoint).'),
    vkey: z.string().describe('The verifier key of the log (C2SP signed-note).'),
  })
  .meta({ id: 'Checkpoint' });
export type CheckpointView = z.infer<typeof CheckpointView>;

export const InclusionProofView = z
  .strictObject({ index: z.int(), size: z.int(), leaf: Hash, hashes: z.array(Hash), entry: z.string(), checkpoint: z.string() })
  .meta({ id: 'InclusionProof' });
export type InclusionProofView = z.infer<typeof InclusionProofView>;

export const ConsistencyProofView = z
  .strictObject({ from: z.int(), to: z.int(), hashes: z.array(Hash) })
  .meta({ id: 'ConsistencyProof' });
export type ConsistencyProofView = z.infer<typeof ConsistencyProofView>;
