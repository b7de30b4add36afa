import { type InputOf, type OutputOf, pathMembers, type Route, type SchemaIssue } from '@surety/contract/route';
import { readProblem } from './read-problem.ts';
import { localError, malformed, SuretyError } from './surety-error.ts';
import type { Fetch } from './token-source.ts';

export type Client = {
  /**
   * Calls one operation of the contract. What comes back is parsed by the route; members that a newer server added are
   * left out. A refusal is a `SuretyError`.
   */
  readonly call: <One extends Route>(
    route: One,
    input: InputOf<One>,
    options?: { readonly signal?: AbortSignal },
  ) => Promise<OutputOf<One>>;
};

export type ClientOptions = {
  /** The server's base address: `https://surety.example`. */
  readonly url: string;
  /** Sends with token and proof (`createFetch`). Left out by those who only use a one-time code. */
  readonly fetch?: Fetch | undefined;
  /** For doors that take a code and no token. */
  readonly openFetch?: Fetch | undefined;
};

/** The API of a server, typed by its contract. */
export function createClient({ url, fetch, openFetch = globalThis.fetch }: ClientOptions): Client {
  return {
    call: async (route, input, { signal } = {}) => {
      const request = buildRequest(route, input);
      const send = route.door === 'code' ? openFetch : fetch;
      if (send === undefined) throw localError('local.not_configured');
      const response = await send(url + request.target, {
        method: request.method,
        redirect: 'error',
        headers: { accept: 'application/json', ...(request.body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(signal === undefined ? {} : { signal }),
      }).catch((cause: unknown) => {
        if (cause instanceof SuretyError || signal?.aborted === true) throw cause;
        throw localError('local.unreachable', [`${new URL(url).origin} does not answer.`], cause);
      });
      if (!response.ok) throw await readProblem(response);
      return readOutput(route, await response.json().catch(() => undefined));
    },
  };
}

/** A route and its input as they go over the wire. `target` is path and query; `body` is JSON. */
export type ApiRequest = { readonly method: Route['method']; readonly target: string; readonly body: string | undefined };

/** Members in braces go into the path; the others into the query of GET and DELETE, into a JSON body otherwise. */
export function buildRequest<One extends Pick<Route, 'method' | 'path' | 'input'>>(route: One, input: InputOf<One>): ApiRequest {
  const members = Object.entries((input ?? {}) as Readonly<Record<string, unknown>>).filter(([, value]) => value !== undefined);
  const inPath = pathMembers(route.path);
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    pathSegment(name, members.find(([key]) => key === name)?.[1]),
  );
  const rest = members.filter(([name]) => !inPath.includes(name));
  if (route.method === 'GET' || route.method === 'DELETE') {
    const query = new URLSearchParams(rest.map(([name, value]) => [name, String(value)] as [string, string])).toString();
    return { method: route.method, target: query === '' ? path : `${path}?${query}`, body: undefined };
  }
  return { method: route.method, target: path, body: JSON.stringify(Object.fromEntries(rest)) };
}

/** One segment and never more: what the URL would take for a step up is refused. */
function pathSegment(name: string, value: unknown): string {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  if (text !== '' && text !== '.' && text !== '..') return encodeURIComponent(text);
  throw malformed([{ path: [name], message: 'is not a name or an id' }]);
}

/** An older client takes a newer server's answer: members it does not know are dropped, anything else that differs is refused. */
function readOutput<One extends Route>(route: One, answer: unknown): OutputOf<One> {
  let value = answer;
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const read = route.output.safeParse(value);
    if (read.success) return read.data as OutputOf<One>;
    const surplus = unknownMembers(read.error.issues);
    if (surplus === undefined) throw localError('local.unexpected_answer', read.error.issues.slice(0, 5).map(describeIssue));
    value = withoutMembers(structuredClone(value), surplus);
  }
  throw localError('local.unexpected_answer');
}

type Surplus = { readonly path: readonly PropertyKey[]; readonly keys: readonly string[] };

/** Undefined when anything but unknown members is wrong. */
function unknownMembers(issues: readonly SchemaIssue[]): readonly Surplus[] | undefined {
  const surplus = issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? [{ path: issue.path, keys: issue.keys }] : []));
  return surplus.length === issues.length ? surplus : undefined;
}

function withoutMembers(value: unknown, surplus: readonly Surplus[]): unknown {
  for (const { path, keys } of surplus) {
    const holder = path.reduce<unknown>((now, step) => (now as Record<PropertyKey, unknown>)[step], value);
    for (const key of keys) delete (holder as Record<string, unknown>)[key];
  }
  return value;
}

function describeIssue(issue: SchemaIssue): string {
  return `/${issue.path.map(String).join('/')}: ${issue.message}`;
}
