import { join } from 'node:path';
import { readContexts, saveContexts } from '@surety/cli/local/contexts';
import type { SigningKey } from '@surety/sdk/agent-key';
import { createKey } from '@surety/sdk/key-file';
import { agentFile } from '@surety/sdk/local-identity';
import { writeWhole } from '@surety/sdk/write-whole';

/**
 * What the `surety` command keeps of people and agents on a computer, in a throw-away folder: with SURETY_HOME set to it,
 * every command works there as it would for them.
 */
export type LocalKeys = {
  readonly home: string;
  /** Makes a key, in a file that only its owner can read. */
  make(name: string): Promise<SigningKey>;
  keepPerson(person: { readonly name: string; readonly id: string }): Promise<void>;
  keepAgent(agent: { readonly name: string; readonly id: string }): Promise<void>;
};

export function openLocalKeys(
  home: string,
  { issuer, gateway }: { readonly issuer: string; readonly gateway: string },
): LocalKeys {
  const keyFile = (name: string) => join(home, 'keys', `${name}.jwk`);
  return {
    home,
    make: (name) => createKey(keyFile(name)),
    keepPerson: async ({ name, id }) => {
      const { contexts } = await readContexts(home);
      const context = { url: issuer, gateway, principal: id, person: name, keyFile: keyFile(name) };
      await saveContexts(home, { current: name, contexts: { ...contexts, [name]: context } });
    },
    keepAgent: async ({ name, id }) => {
      const identity = { name, principal: id, url: issuer, gateway, keyFile: keyFile(name) };
      await writeWhole(agentFile(home, name), `${JSON.stringify(identity, undefined, 2)}\n`);
    },
  };
}
