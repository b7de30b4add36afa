import type { NoteSigner } from '@surety/transparency/note';

/** What signs the checkpoints of the log: its origin as the name of the key, and the verifier key that others hold. */
export type LogSigner = NoteSigner & { readonly vkey: string };
