import { join } from 'node:path';
import { loadKey, createKey } from '@surety/sdk/key-file';
import { readBaseUrl } from '@surety/sdk/secure-url';
import { gatewayBeside } from '@surety/sdk/surety';
import type { SigningKey } from '@surety/sdk/agent-key';
import { rm } from 'node:fs/promises';
import type { Cli } from '../command.ts';
import { usage } from '../cli-error.ts';
import { type Context, readContexts, saveContexts } from './contexts.ts';

/** What a person becomes at a server: their id and name there. `gateway`: as the server names it, when it does. */
export type SignedIn = { readonly principal: string; readonly person: string; readonly gateway?: string };

export type SignInOptions = {
  readonly url: string;
  readonly gateway: string | undefined;
  /** The name of the context to make; the host of the server when left out. */
  readonly contextName: string | undefined;
  /** Gives the public half to the server, and learns who its holder is. */
  readonly enrol: (url: string, key: SigningKey) => Promise<SignedIn>;
};

/**
 * Makes a key on this computer, has it enrolled, and keeps a context for it, which becomes the current one. When the
 * server refuses, the key is thrown away and nothing is kept.
 */
export async function signIn(cli: Cli, options: SignInOptions): Promise<{ readonly name: string; readonly context: Context }> {
  const url = readBaseUrl(options.url, { plaintext: cli.plaintext });
  const typed = options.gateway === undefined ? undefined : readBaseUrl(options.gateway, { plaintext: cli.plaintext });
  const before = await readContexts(cli.home);
  const name = options.contextName ?? freeName(new URL(url).hostname, Object.keys(before.contexts));
  if (!/^[\w.-]{1,63}$/.test(name))
    throw usage('The name of a context is letters, digits, dots and hyphens.', 'Choose another with --name.');
  if (Object.hasOwn(before.contexts, name))
    throw usage(`There is a context "${name}" already.`, 'Choose another with --name, or "surety context rm" it first.');

  const keyFile = join(cli.home, 'keys', `${name}.${crypto.randomUUID().slice(0, 8)}.jwk`);
  await createKey(keyFile);
  try {
    const { principal, person, gateway: named } = await options.enrol(url, await loadKey(keyFile));
    const gateway = typed ?? readBaseUrl(named ?? gatewayBeside(url), { plaintext: cli.plaintext });
    const context = { url, gateway, principal, person, keyFile };
    await saveContexts(cli.home, { current: name, contexts: { ...before.contexts, [name]: context } });
    return { name, context };
  } catch (thrown) {
    await rm(keyFile, { force: true });
    throw thrown;
  }
}

function freeName(host: string, taken: readonly string[]): string {
  const base = /^(127\.|\[?::1|localhost$)/.test(host) ? 'local' : host;
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? base : `${base}-${count}`;
    if (!taken.includes(name)) return name;
  }
}
