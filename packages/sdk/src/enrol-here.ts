import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { enrol, type Enrolled } from './enrol.ts';
import { createKey } from './key-file.ts';
import { agentFile, type Environment, type LocalIdentity, readIdentity, suretyHome } from './local-identity.ts';
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
export async function enrolHere({ agent, url, code, label, ...rest }: EnrolHereOptions): Promise<Surety> {
  const { env = process.env, fetch } = rest;
  const plaintext = rest.plaintext === true;
  const home = suretyHome(env);
  const found = { agent, env, fetch, plaintext };
  if (readIdentity(agentFile(home, agent)) !== undefined) return surety(found);
  await enrolInto(home, { agent, url: readBaseUrl(url, { plaintext }), code, label, plaintext, fetch });
  return surety(found);
}

/** What is enrolled in a folder. `url` and `gateway` are base addresses; `gateway` left out, the one that the server names. */
export type EnrolInto = Pick<EnrolHereOptions, 'agent' | 'url' | 'code' | 'label' | 'plaintext' | 'fetch'> & {
  readonly gateway?: string | undefined;
};

export type EnrolledInto = { readonly identity: LocalIdentity; readonly enrolled: Enrolled };

/**
 * Makes a key in the folder `home`, enrols it with the code, and keeps there who the agent is, in place of whoever it was
 * before. A code that is refused leaves no key behind. Throws `enrolment.refused`, `local.key_file_refused`.
 */
export async function enrolInto(
  home: string,
  { agent, url, code, label = 'instance', gateway, plaintext = false, fetch }: EnrolInto,
): Promise<EnrolledInto> {
  const keyFile = join(home, 'keys', `agent-${agent}.${crypto.randomUUID().slice(0, 8)}.jwk`);
  const key = await createKey(keyFile);
  const [enrolled, reached] = await enrolKey().catch(async (thrown: unknown) => {
    await rm(keyFile, { force: true });
    throw thrown;
  });
  const identity = { name: agent, principal: enrolled.principal, url, gateway: reached, keyFile };
  await writeWhole(agentFile(home, agent), `${JSON.stringify(identity, undefined, 2)}\n`);
  return { identity, enrolled };

  async function enrolKey() {
    const done = await enrol({ url, code, key, label, fetch });
    return [done, gateway ?? readBaseUrl(done.gateway, { plaintext })] as const;
  }
}
