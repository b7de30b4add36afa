import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { enrol } from './enrol.ts';
import { createKey } from './key-file.ts';
import { agentFile, type Environment, readIdentity, suretyHome } from './local-identity.ts';
import { readBaseUrl } from './secure-url.ts';
import { type Surety, surety } from './surety.ts';
import type { Fetch } from './token-source.ts';
import { writeWhole } from './write-whole.ts';

export type EnrolHereOptions = {
  /** The agent's name on this computer. */
  readonly agent: string;
  /** Base address of the server. */
  readonly url: string;
  /** The single-use code that a person made for the agent: `surety agent enrol <agent> --code-only`. */
  readonly code: string;
  /** How people tell this key from the others of the agent. */
  readonly label?: string | undefined;
  /** Take an http address that is not on this computer. */
  readonly plaintext?: boolean | undefined;
  readonly env?: Environment | undefined;
  readonly fetch?: Fetch | undefined;
};

/**
 * The agent that is enrolled on this computer under that name; or, the first time, makes its key here (a file that only its
 * owner can read), enrols it with the code, and keeps who it is. The private half of the key is never sent. Throws
 * `enrolment.refused`, `local.key_file_refused` and what `surety` throws.
 */
export async function enrolHere({ agent, url, code, label = 'instance', ...rest }: EnrolHereOptions): Promise<Surety> {
  const { env = process.env, fetch } = rest;
  const allow = { plaintext: rest.plaintext === true };
  const home = suretyHome(env);
  const path = agentFile(home, agent);
  const found = { agent, env, fetch, ...allow };
  if (readIdentity(path) !== undefined) return surety(found);
  const issuer = readBaseUrl(url, allow);
  const keyFile = join(home, 'keys', `agent-${agent}.${crypto.randomUUID().slice(0, 8)}.jwk`);
  const key = await createKey(keyFile);
  const enrolled = await enrol({ url: issuer, code, key, label, fetch }).catch(async (thrown: unknown) => {
    await rm(keyFile, { force: true });
    throw thrown;
  });
  const gateway = readBaseUrl(enrolled.gateway, allow);
  const identity = { name: agent, principal: enrolled.principal, url: issuer, gateway, keyFile };
  await writeWhole(path, `${JSON.stringify(identity, undefined, 2)}\n`);
  return surety(found);
}
