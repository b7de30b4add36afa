import * as z from 'zod';
import { HumanId, Instant, PasskeyId } from './id.ts';

/** A passkey of a person. Its private half never leaves their device. */
export const Passkey = z
  .strictObject({
    id: PasskeyId,
    human: HumanId,
    label: z.string().max(120),
    state: z.enum(['active', 'revoked']),
    createdAt: Instant,
  })
  .meta({ id: 'Passkey' });
export type Passkey = z.infer<typeof Passkey>;
