import type { AgentAction } from '@surety/contract/delegation';
import type { Conditions } from '@surety/contract/constraint';
import type { SigningKey } from './agent-key.ts';
import { type Client, createClient } from './client.ts';
import { delegationParameters, type Exchange, type Narrower, takeOver } from './delegate.ts';
import { createFetch } from './dpop-fetch.ts';
import { createTokenEndpoint } from './token-endpoint.ts';
import type { AccessToken, Fetch } from './access-token.ts';
import { createTokenSource } from './token-source.ts';

/** An agent, a workload or a person: everything that is done as them. */
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
  /** The unit of work that all of this is for: the one that was named, or that the server made with the first token. */
  readonly task: () => string | undefined;
  /**
   * A token that hands on a part of the work, for exactly one agent (`agt_…`) and one exchange. It can never do more than
   * who hands it on; say in `narrower` what it may do at the most. A person says a `purpose`: of what is asked for.
   */
  readonly delegate: (child: string, narrower?: Narrower) => Promise<AccessToken>;
  /** Takes over what was handed on to this agent: the same agent, working under a task of its own below. */
  readonly exchange: (subjectToken: string, exchange: Exchange) => Promise<Surety>;
  /** The same for what a person handed on: the work is theirs, and so are its limits. */
  readonly forHuman: (subjectToken: string, exchange: Exchange) => Promise<Surety>;
  /** One operation of a system, with conditions on its arguments, as `details` has it (RFC 9396). */
  readonly action: (system: string, operation: string, constraints?: Conditions) => AgentAction;
};

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

/** The same with a key that is fetched when it is first needed; `first`: a token that is there already, for `task`. */
export type Identity = Omit<HeldIdentity, 'key'> & {
  readonly key: () => Promise<SigningKey>;
  readonly first?: AccessToken | undefined;
};

/** What can be done as somebody. Asks nothing of anybody until it is used. */
export function identityOf({ issuer, gateway, clientId, key, task, first, fetch: send }: Identity): Surety {
  const endpoint = createTokenEndpoint({ issuer, clientId, key, fetch: send });
  const tokens = createTokenSource({ issuer, clientId, key, task, first, endpoint });
  const resourceOf = (url: URL) => resourceAt(url, issuer, gateway);
  const fetch = createFetch({ tokens, key, fetch: send, resourceOf, clock: endpoint.clock });
  const resource = (system: string) => `${gateway}/mcp/${encodeURIComponent(system)}`;
  const exchange = async (subjectToken: string, asked: Exchange): Promise<Surety> => {
    const taken = await takeOver(endpoint, subjectToken, asked);
    return identityOf({ issuer, gateway, clientId, key, fetch: send, task: taken.task, first: taken });
  };
  return {
    clientId,
    fetch,
    key,
    exchange,
    forHuman: exchange,
    gateway: resource,
    token: tokens.token,
    task: tokens.task,
    delegate: async (child, narrower = {}) => {
      const { value, expiresAtMs } = await tokens.ask(delegationParameters(issuer, child, narrower));
      return { value, resource: issuer, expiresAtMs };
    },
    action: (system, operation, constraints) => ({
      type: 'agent_action',
      locations: [resource(system)],
      actions: ['invoke'],
      identifier: operation,
      ...(constraints === undefined ? {} : { constraints }),
    }),
    client: createClient({ url: issuer, fetch, openFetch: send }),
  };
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
