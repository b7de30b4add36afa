import type { Client } from '@surety/sdk/client';
import type { SigningKey } from '@surety/sdk/agent-key';
import type { Fetch } from '@surety/sdk/token-source';
import { CliError } from './cli-error.ts';
import type { Io } from './io.ts';
import { contextNamed, readContexts } from './local/contexts.ts';

/** A person at a server, ready to ask. */
export type Session = {
  /** `prod  https://surety.example`, for the line that says where a change goes. */
  readonly label: string;
  readonly url: string;
  readonly gateway: string;
  readonly principal: string;
  readonly client: Client;
  readonly fetch: Fetch;
  readonly key: () => Promise<SigningKey>;
};

export type SessionOptions = {
  readonly io: Io;
  readonly home: string;
  readonly context: string | undefined;
  /** Whether a server may be reached without encryption though it is not on this computer. */
  readonly plaintext: boolean;
};

type Place = {
  readonly name: string;
  readonly url: string;
  readonly gateway: string | undefined;
  readonly principal: string;
  readonly keyFile: string;
};

/** Opens the context that is named, or the one in the environment, or the current one. Exit 4 when there is none. */
export async function openSession({ io, home, context, plaintext }: SessionOptions): Promise<Session> {
  const place = await findPlace({ io, home, context });
  const { surety } = await import('@surety/sdk/surety');
  const { url, principal, keyFile } = place;
  const one = surety({ url, gateway: place.gateway, clientId: principal, keyFile, env: {}, fetch: io.fetch, plaintext });
  return {
    label: `${place.name}  ${url}`,
    url: url.replace(/\/+$/, ''),
    gateway: one.gateway('').replace(/\/mcp\/$/, ''),
    principal,
    client: one.client,
    fetch: one.fetch,
    key: one.key,
  };
}

async function findPlace({ io, home, context }: Omit<SessionOptions, 'plaintext'>): Promise<Place> {
  const { env } = io;
  const [url, principal, keyFile] = [env['SURETY_URL'], env['SURETY_CLIENT_ID'], env['SURETY_PRIVATE_KEY_FILE']];
  if (context === undefined && url !== undefined && principal !== undefined && keyFile !== undefined) {
    return { name: 'environment', url, gateway: env['SURETY_GATEWAY_URL'], principal, keyFile };
  }
  const contexts = await readContexts(home);
  const name = context ?? env['SURETY_CONTEXT'] ?? contexts.current;
  if (name === undefined) {
    throw new CliError('signedOut', {
      code: 'local.no_context',
      message: 'You have not said which server, and who you are there',
      next: [
        'surety claim            take ownership of a new server',
        'surety context add      use a code that an administrator gave you',
      ],
    });
  }
  return { name, ...contextNamed(contexts, name) };
}

/** The identity of an agent whose key is on this computer. Exit 4 when there is none. */
export async function openAgent({ io, home, plaintext }: Omit<SessionOptions, 'context'>, name: string) {
  const { surety } = await import('@surety/sdk/surety');
  const { agentFile, readIdentity } = await import('@surety/sdk/local-identity');
  if (readIdentity(agentFile(home, name)) === undefined) {
    throw new CliError('signedOut', {
      code: 'local.not_enrolled',
      message: `The agent "${name}" has no key on this computer`,
      next: [`surety agent enrol ${name}`],
    });
  }
  return surety({ agent: name, env: { SURETY_HOME: home }, fetch: io.fetch, plaintext });
}
