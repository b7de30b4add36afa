import { claimServer, enrolKey } from '@surety/contract/registry-routes';
import type { OutputOf } from '@surety/contract/route';
import { createClient } from './client.ts';
import type { SigningKey } from './agent-key.ts';
import type { Fetch } from './token-source.ts';

export type EnrolOptions = {
  readonly url: string;
  /** The single-use code that a person who may enrol for this principal made. */
  readonly code: string;
  readonly key: SigningKey;
  /** How people tell this key from the others of the same principal. */
  readonly label?: string | undefined;
  readonly fetch?: Fetch | undefined;
};

export type Enrolled = OutputOf<typeof enrolKey>;

/** Enrols the public half of a key with a single-use code. The private half stays where it was made. */
export function enrol({ url, code, key, label, fetch }: EnrolOptions): Promise<Enrolled> {
  const client = createClient({ url, openFetch: fetch });
  return client.call(enrolKey, { code, jwk: key.publicJwk, ...(label === undefined ? {} : { label }) });
}

export type ClaimOptions = Omit<EnrolOptions, 'label'> & {
  readonly name: string;
  readonly displayName: string;
  readonly title?: string | undefined;
};

export type Claimed = OutputOf<typeof claimServer>;

/** Takes ownership of a new server with the code it shows where it runs: its first person, and their key. */
export function claim({ url, code, key, name, displayName, title = '', fetch }: ClaimOptions): Promise<Claimed> {
  return createClient({ url, openFetch: fetch }).call(claimServer, { code, name, displayName, title, jwk: key.publicJwk });
}
