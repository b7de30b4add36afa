import { type Client, createClient } from './client.ts';
import { createFetch } from './dpop-fetch.ts';
import { loadKey } from './key-file.ts';
import { agentFile, type Environment, readIdentity, suretyHome } from './local-identity.ts';
import { readBaseUrl } from './secure-url.ts';
import type { SigningKey } from './agent-key.ts';
import { localError } from './surety-error.ts';
import { type AccessToken, createTokenSource, type Fetch } from './token-source.ts';

/** Everything can come from the environment or from a key enrolled on this computer; what is given here wins. */
export type SuretyOptions = {
  /** The name of an agent enrolled here with `surety agent enrol`. Also `SURETY_AGENT`. */
  readonly agent?: string | undefined;
  /** Base address of the server. Also `SURETY_URL`. */
  readonly url?: string | undefined;
  /** Base address of the gateway. Also `SURETY_GATEWAY_URL`; left out, the server's host, one port further. */
  readonly gateway?: string | undefined;
  /** Id of the principal. Also `SURETY_CLIENT_ID`. */
  readonly clientId?: string | undefined;
  /** Private JWK (EC P-256), readable by its owner only. Also `SURETY_PRIVATE_KEY_FILE`. */
  readonly keyFile?: string | undefined;
  /** A task that was opened already; every token is for it. */
  readonly task?: string | undefined;
  /** Take an http address that is not on this computer. */
  readonly plaintext?: boolean | undefined;
  readonly env?: Environment | undefined;
  readonly fetch?: Fetch | undefined;
};

export type Surety = {
  readonly clientId: string;
  /** `fetch` with token and proof, for the gateway and the API; refuses other addresses. */
  readonly fetch: Fetch;
  /** The address of a guarded system, for an MCP client that takes `fetch`. */
  readonly gateway: (system: string) => string;
  /** A token for one resource, for those who make their own proofs. Useless without the key. */
  readonly token: (resource: string) => Promise<AccessToken>;
  /** The API, typed. */
  readonly client: Client;
  readonly key: () => Promise<SigningKey>;
};

/**
 * An agent's identity in one line: finds server, id and key, and gives a `fetch` that is them. Reads files when called
 * and the key when first used. Throws `local.not_configured`; what follows throws `SuretyError`.
 */
export function surety(options: SuretyOptions = {}): Surety {
  const { issuer, gateway, clientId, keyFile } = findIdentity(options);
  return identityOf({ issuer, gateway, clientId, key: once(() => loadKey(keyFile)), task: options.task, fetch: options.fetch });
}

/** Who one is, when everything is at hand; `issuer` and `gateway` are base addresses, `key` an enrolled key. */
export type HeldIdentity = {
  readonly issuer: string;
  readonly gateway: string;
  readonly clientId: string;
  readonly key: SigningKey;
  readonly task?: string | undefined;
  readonly fetch?: Fetch | undefined;
};

/** The same for a key that is held in memory: nothing is read from files or the environment. */
export function suretyWithKey({ key, ...held }: HeldIdentity): Surety {
  return identityOf({ ...held, key: () => Promise.resolve(key) });
}

type Identity = Omit<HeldIdentity, 'key'> & { readonly key: () => Promise<SigningKey> };

function identityOf({ issuer, gateway, clientId, key, task, fetch: send }: Identity): Surety {
  const tokens = createTokenSource({ issuer, clientId, key, task, fetch: send });
  const fetch = createFetch({ tokens, key, fetch: send, resourceOf: (url) => resourceAt(url, issuer, gateway) });
  return {
    clientId,
    fetch,
    key,
    gateway: (system) => `${gateway}/mcp/${encodeURIComponent(system)}`,
    token: tokens.token,
    client: createClient({ url: issuer, fetch, openFetch: send }),
  };
}

/** A place that may know who we are, or a part of it. */
type Layer = Readonly<Partial<Record<'url' | 'gateway' | 'clientId' | 'keyFile', string | undefined>>>;

/** What is given to the call wins, then the agent that is named there, then the environment, then the agent named in it. */
function findIdentity(options: SuretyOptions) {
  const env = options.env ?? process.env;
  const layers: readonly Layer[] = [
    options,
    keptIdentity(env, options.agent),
    fromEnvironment(env),
    keptIdentity(env, env['SURETY_AGENT']),
  ];
  const find = (member: keyof Layer): string | undefined => layers.find((layer) => layer[member] !== undefined)?.[member];
  const [url, clientId, keyFile] = [find('url'), find('clientId'), find('keyFile')];
  if (url === undefined || clientId === undefined || keyFile === undefined) {
    const named = options.agent ?? env['SURETY_AGENT'];
    throw localError('local.not_configured', named === undefined ? [] : ['No agent of this name is enrolled on this computer.']);
  }
  const allow = { plaintext: options.plaintext === true };
  const issuer = readBaseUrl(url, allow);
  const beside = layers.find((layer) => layer.url === url)?.gateway;
  const gateway = options.gateway ?? env['SURETY_GATEWAY_URL'] ?? beside ?? gatewayBeside(issuer);
  return { issuer, gateway: readBaseUrl(gateway, allow), clientId, keyFile };
}

function fromEnvironment(env: Environment): Layer {
  return {
    url: env['SURETY_URL'],
    gateway: env['SURETY_GATEWAY_URL'],
    clientId: env['SURETY_CLIENT_ID'],
    keyFile: env['SURETY_PRIVATE_KEY_FILE'],
  };
}

function keptIdentity(env: Environment, agent: string | undefined): Layer {
  if (agent === undefined) return {};
  const { url, gateway, principal, keyFile } = readIdentity(agentFile(suretyHome(env), agent)) ?? {};
  return { url, gateway, clientId: principal, keyFile };
}

/** The gateway of a server started with its defaults: the same host, one port further; without a port, the same origin. */
export function gatewayBeside(issuer: string): string {
  const url = new URL(issuer);
  if (url.port !== '') url.port = String(Number(url.port) + 1);
  return url.origin;
}

/** Which token belongs to an address (RFC 8707): that of the API, or of one system behind the gateway. */
export function resourceAt(url: URL, issuer: string, gateway: string): { readonly resource: string } | 'open' | undefined {
  const address = url.origin + url.pathname;
  const system = address.startsWith(`${gateway}/mcp/`) ? address.slice(gateway.length + 5).split('/')[0] : undefined;
  if (system !== undefined && system !== '') return { resource: `${gateway}/mcp/${system}` };
  if (address === `${issuer}/v1` || address.startsWith(`${issuer}/v1/`)) return { resource: `${issuer}/v1` };
  const isOurs = [issuer, gateway].some((base) => url.origin === new URL(base).origin);
  return isOurs && url.pathname.startsWith('/.well-known/') ? 'open' : undefined;
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make().catch((thrown: unknown) => {
      made = undefined;
      throw thrown;
    });
    return made;
  };
}
