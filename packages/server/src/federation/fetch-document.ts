import { lookup as lookUpHost } from 'node:dns';
import { type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { type ExactRecord, isExactRecord, readExactJson } from '@surety/contract/exact-json';
import { createAddressCheck } from './blocked-address.ts';

/** A JSON document of another party. `notModified`: what was read before with this entity tag still stands. */
export type FetchedDocument =
  | {
      readonly notModified: false;
      readonly document: ExactRecord;
      readonly etag: string | undefined;
      readonly maxAgeSeconds: number | undefined;
    }
  | { readonly notModified: true; readonly maxAgeSeconds: number | undefined };

export type FetchOptions = {
  readonly isInternal: boolean;
  readonly etag?: string | undefined;
  /** The longest document, in bytes; 128 KiB when left out. */
  readonly maxBytes?: number | undefined;
};

/** Fetches one JSON object, or throws an `Error` that says why not, for operators. */
export type FetchDocument = (address: string, options: FetchOptions) => Promise<FetchedDocument>;

/** Every address of a host. Given by a test that plays the name server. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/** The longest document, in bytes, and the longest that one may take, in milliseconds. */
const defaultMaxBytes = 131_072;
const defaultTimeoutMs = 5_000;

/**
 * A fetcher for addresses that others chose: https only (plain http on loopback where that is allowed), no redirect, no
 * compression, one connection of its own, to an address that was looked at after the name was resolved and is the one
 * connected to. When one of a host's addresses is blocked, none is used.
 */
export function createFetchDocument({
  allowLoopback,
  resolve = resolveHost,
  timeoutMs = defaultTimeoutMs,
}: {
  readonly allowLoopback: boolean;
  readonly resolve?: ResolveHost | undefined;
  readonly timeoutMs?: number;
}): FetchDocument {
  const isBlocked = createAddressCheck();
  return async (address, { isInternal, etag, maxBytes = defaultMaxBytes }) => {
    const url = new URL(address);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const isLoopback = allowLoopback && ['127.0.0.1', '::1'].includes(host);
    if (url.protocol !== 'https:' && !(isLoopback && url.protocol === 'http:')) throw new Error('the address is not https');
    const check = (ip: string): void => {
      if (!isLoopback && isBlocked(ip, isInternal)) throw new Error('the address is not one that may be reached');
    };
    if (isIP(host) !== 0) check(host);
    const response = await ask(url, { lookup: pinned(resolve, check), etag, timeoutMs });
    try {
      return await readResponse(response, { mayBeUnchanged: etag !== undefined, maxBytes });
    } finally {
      response.destroy();
    }
  };
}

function ask(
  url: URL,
  {
    lookup,
    etag,
    timeoutMs,
  }: {
    readonly lookup: LookupFunction;
    readonly etag: string | undefined;
    readonly timeoutMs: number;
  },
): Promise<IncomingMessage> {
  const headers = {
    accept: 'application/json',
    'accept-encoding': 'identity',
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
  };
  const request = url.protocol === 'https:' ? requestTls : requestPlain;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    request(url, { method: 'GET', agent: false, lookup, headers, signal, maxHeaderSize: 16_384 }, resolve)
      .on('error', reject)
      .end();
  });
}

/**
 * A lookup that gives the socket only an address that was checked, so that no second answer of a name server can come
 * between.
 */
function pinned(resolve: ResolveHost, check: (ip: string) => void): LookupFunction {
  return (host, options, callback) => {
    const answer = async (): Promise<readonly { address: string; family: number }[]> => {
      const found = await resolve(host);
      if (found.length === 0) throw new Error('the host has no address');
      for (const ip of found) check(ip);
      return found.map((address) => ({ address, family: isIP(address) }));
    };
    answer().then(
      (all) => {
        const [first] = all;
        if (options.all === true) callback(null, [...all]);
        else callback(null, first?.address ?? '', first?.family);
      },
      (thrown: Error) => callback(thrown, '', 0),
    );
  };
}

function resolveHost(host: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    lookUpHost(host, { all: true }, (thrown, found) =>
      thrown === null ? resolve(found.map(({ address }) => address)) : reject(thrown),
    );
  });
}

async function readResponse(
  response: IncomingMessage,
  { mayBeUnchanged, maxBytes }: { readonly mayBeUnchanged: boolean; readonly maxBytes: number },
): Promise<FetchedDocument> {
  const { statusCode, headers } = response;
  const maxAgeSeconds = maxAge(headers['cache-control']);
  if (statusCode === 304 && mayBeUnchanged) return { notModified: true, maxAgeSeconds };
  if (statusCode !== 200) throw new Error(`the answer has status ${statusCode}`);
  if (!/^application\/(?:[a-z0-9.-]+\+)?json(?:\s*;|$)/i.test(headers['content-type'] ?? ''))
    throw new Error('the answer is not JSON');
  if (headers['content-encoding'] !== undefined) throw new Error('the answer is compressed');
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw new Error('the answer is too long');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  const document = readExactJson(Buffer.concat(chunks), { depth: 8, nodes: 10_000 });
  if (!isExactRecord(document)) throw new Error('the answer is no JSON object');
  return { notModified: false, document, etag: headers.etag, maxAgeSeconds };
}

function maxAge(header: string | undefined): number | undefined {
  if (/(?:^|[\s,])no-(?:store|cache)\b/i.test(header ?? '')) return 0;
  const value = /(?:^|[\s,])max-age=(\d{1,9})/i.exec(header ?? '')?.[1];
  return value === undefined ? undefined : Number(value);
}
