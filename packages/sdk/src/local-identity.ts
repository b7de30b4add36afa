import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { localError } from './surety-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What is kept of a principal on this computer, beside its key. Nothing in it is secret. */
export type LocalIdentity = {
  readonly name: string;
  readonly principal: string;
  /** The server that knows it: issuer of its tokens, and base of the API. */
  readonly url: string;
  /** Where guarded systems are reached. */
  readonly gateway: string;
  readonly keyFile: string;
};

/** The folder of everything a person keeps of Surety on this computer: `SURETY_HOME`, or `~/.config/surety`. */
export function suretyHome(env: Environment): string {
  const given = env['SURETY_HOME'];
  if (given !== undefined && given !== '') return given;
  return join(env['HOME'] ?? homedir(), '.config', 'surety');
}

/** Where an agent's identity is kept. Throws `local.not_configured` for what is no name. */
export function agentFile(home: string, name: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) throw localError('local.not_configured', ['This is not the name of an agent.']);
  return join(home, 'agents', `${name}.json`);
}

/** The identity in a file, or undefined when there is none. Throws `local.not_configured` when it cannot be read. */
export function readIdentity(path: string): LocalIdentity | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw localError('local.not_configured', [`${path} cannot be read.`], thrown);
  }
  const { name, principal, url, gateway, keyFile } = parseObject(text);
  if ([name, principal, url, gateway, keyFile].every((value) => typeof value === 'string')) {
    return { name, principal, url, gateway, keyFile } as LocalIdentity;
  }
  throw localError('local.not_configured', [`${path} is not the identity of an agent.`]);
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
