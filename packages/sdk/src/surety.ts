import { gatewayBeside, identityOf, type Surety } from './held-identity.ts';
import { loadKey } from './key-file.ts';
import { agentFile, type Environment, readIdentity, suretyHome } from './local-identity.ts';
import { readBaseUrl } from './secure-url.ts';
import { localError } from './surety-error.ts';
import type { Fetch } from './token-source.ts';

export { gatewayBeside, type HeldIdentity, resourceAt, type Surety, suretyWithKey } from './held-identity.ts';

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

/**
 * An agent's identity in one line: finds server, id and key, and gives a `fetch` that is them. Reads files when called
 * and the key when first used. Throws `local.not_configured`; what follows throws `SuretyError`.
 */
export function surety(options: SuretyOptions = {}): Surety {
  const { issuer, gateway, clientId, keyFile } = findIdentity(options);
  return identityOf({ issuer, gateway, clientId, key: once(() => loadKey(keyFile)), task: options.task, fetch: options.fetch });
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
