import type { AccessToken } from './access-token.ts';
import { SuretyError } from './surety-error.ts';
import { createTokenEndpoint, type GivenToken, type TokenEndpoint, type TokenEndpointOptions } from './token-endpoint.ts';

export type { AccessToken, Fetch } from './access-token.ts';

export type TokenSource = {
  /** A token that lives long enough to be used: kept until shortly before it ends, asked for once however many wait for it. */
  readonly token: (resource: string) => Promise<AccessToken>;
  /** Drops a token that a server refused; a newer one stays. */
  readonly forget: (resource: string, value: string) => void;
  /** The unit of work that the tokens are for, once there is one. A person's tokens are for none. */
  readonly task: () => string | undefined;
  /** Asks for a token that is not kept: one to be handed on. It is for the same unit of work. */
  readonly ask: (parameters: { readonly resource: string } & Readonly<Record<string, string | undefined>>) => Promise<GivenToken>;
};

export type TokenSourceOptions = TokenEndpointOptions & {
  /** The task the tokens are for. Left out, the server makes one with the first token, and the others are for that one. */
  readonly task?: string | undefined;
  /** A token that is there already, for `task`. */
  readonly first?: AccessToken | undefined;
  /** An endpoint that is there already, with its nonces and clock. */
  readonly endpoint?: TokenEndpoint | undefined;
};

/** A token is not used in its last seconds: it may end on the way. */
const marginMs = 20_000;

/**
 * Gets tokens by client credentials (RFC 6749 §4.4), all for one task: an agent's tokens for several systems are one unit of
 * work. A task of the server's making that is over is followed by a new one; a task that was named is not. Faults of the
 * server come as `SuretyError`.
 */
export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const { now = Date.now, first } = options;
  const kept = new Map<string, AccessToken>(first === undefined ? [] : [[first.resource, first]]);
  const underway = new Map<string, Promise<AccessToken>>();
  const ask = askForOneTask(options.endpoint ?? createTokenEndpoint(options), options.task);

  const renew = (resource: string): Promise<AccessToken> => {
    const asked = ask
      .ask({ resource })
      .then(({ value, expiresAtMs }) => {
        const token = { value, resource, expiresAtMs };
        kept.set(resource, token);
        return token;
      })
      .finally(() => underway.delete(resource));
    underway.set(resource, asked);
    return asked;
  };
  return {
    ...ask,
    token: async (resource) => {
      const token = kept.get(resource);
      if (token !== undefined && token.expiresAtMs - marginMs > now()) return token;
      return underway.get(resource) ?? renew(resource);
    },
    forget: (resource, value) => {
      if (kept.get(resource)?.value === value) kept.delete(resource);
    },
  };
}

/** Client credentials for one task. Until it is known, requests wait for the first: two at once would open two tasks. */
function askForOneTask(endpoint: TokenEndpoint, named: string | undefined): Pick<TokenSource, 'ask' | 'task'> {
  let task = named;
  let opening: Promise<unknown> | undefined;

  const send = async (parameters: Parameters<TokenSource['ask']>[0]): Promise<GivenToken> => {
    const given = await endpoint.ask({ grant_type: 'client_credentials', ...parameters, task });
    task ??= given.task;
    return given;
  };
  const open = async (parameters: Parameters<TokenSource['ask']>[0]): Promise<GivenToken> => {
    while (opening !== undefined) await opening.catch(() => undefined);
    if (task !== undefined) return send(parameters);
    const opened = send(parameters);
    opening = opened;
    return opened.finally(() => (opening = undefined));
  };
  return {
    task: () => task,
    ask: async (parameters) => {
      const current = task;
      if (current === undefined) return open(parameters);
      return send(parameters).catch((thrown: unknown) => {
        const isOver = thrown instanceof SuretyError && thrown.code === 'grant.refused' && named === undefined;
        if (!isOver) throw thrown;
        if (task === current) task = undefined;
        return open(parameters);
      });
    },
  };
}
