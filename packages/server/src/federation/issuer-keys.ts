import { type ExactRecord, isExactList, toPlain } from '@surety/contract/exact-json';
import type { TrustedIssuer } from '@surety/contract/federation';
import type { Clock } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import type { FetchDocument } from './fetch-document.ts';

/** A public key as it was published. Which may be used for what is decided where a signature is checked. */
export type PublishedKey = Readonly<Record<string, unknown>>;

/** The keys of one issuer, never another's. Fault `issuer.unreachable` when nobody can say now which they are. */
export type IssuerKeys = { keysOf(issuer: TrustedIssuer, kid: string | undefined): Promise<readonly PublishedKey[]> };

type KeySet = { readonly keys: readonly PublishedKey[]; readonly etag: string | undefined; readonly freshUntilMs: number };
type Shelf = { set?: KeySet; askedAtMs: number; asking?: Promise<void> | undefined; trouble?: unknown };

/** How long a key set is kept at least, at most, and when its server does not say, in seconds. */
const keepSeconds = { least: 60, most: 86_400, unsaid: 600 } as const;

/** Until a set is asked for again for a key id that is not in it, and after a failure, in milliseconds. */
const coolDownMs = 30_000;
const failedMs = 2_000;

const maxKeys = 200;

/**
 * Keeps the key set of each issuer apart. A set is read again when it is no longer fresh, and for a key id that it does
 * not hold, but never more often than once in the cool-down. A set that is not fresh and cannot be read is not used:
 * nothing passes.
 */
export function createIssuerKeys(fetchDocument: FetchDocument, clock: Clock): IssuerKeys {
  const shelves = new Map<string, Shelf>();
  const read = async (issuer: TrustedIssuer, shelf: Shelf): Promise<void> => {
    shelf.askedAtMs = clock();
    try {
      shelf.set = await readKeySet(issuer, { fetchDocument, known: shelf.set, now: shelf.askedAtMs });
      shelf.trouble = undefined;
    } catch (thrown) {
      shelf.trouble = thrown;
    }
  };
  const refresh = (issuer: TrustedIssuer, shelf: Shelf): Promise<void> =>
    (shelf.asking ??= read(issuer, shelf).finally(() => (shelf.asking = undefined)));
  const isFresh = (set: KeySet | undefined): set is KeySet => set !== undefined && clock() < set.freshUntilMs;

  return {
    keysOf: async (issuer, kid) => {
      if (issuer.keys.from === 'pinned') return ofKid(issuer.keys.keys, kid);
      // a place of keys that was changed is another shelf: nothing of the old one is used any more
      const name = `${issuer.id} ${'url' in issuer.keys ? issuer.keys.url : ''}`;
      const shelf = shelves.get(name) ?? { askedAtMs: Number.NEGATIVE_INFINITY };
      shelves.set(name, shelf);
      const since = clock() - shelf.askedAtMs;
      if (!isFresh(shelf.set) && (shelf.trouble === undefined || since >= failedMs)) await refresh(issuer, shelf);
      if (!isFresh(shelf.set)) throw new Fault('issuer.unreachable', issuer.name, { cause: shelf.trouble });
      const found = ofKid(shelf.set.keys, kid);
      if (found.length > 0 || clock() - shelf.askedAtMs < coolDownMs) return found;
      await refresh(issuer, shelf);
      return ofKid(shelf.set.keys, kid);
    },
  };
}

function ofKid(keys: readonly PublishedKey[], kid: string | undefined): readonly PublishedKey[] {
  return kid === undefined ? keys : keys.filter((key) => key['kid'] === kid);
}

type Reading = { readonly fetchDocument: FetchDocument; readonly known: KeySet | undefined; readonly now: number };

async function readKeySet(issuer: TrustedIssuer, { fetchDocument, known, now }: Reading): Promise<KeySet> {
  const { isInternal } = issuer;
  const address = await findKeys(issuer, fetchDocument);
  const fetched = await fetchDocument(address, { isInternal, etag: known?.etag });
  const seconds = Math.min(Math.max(fetched.maxAgeSeconds ?? keepSeconds.unsaid, keepSeconds.least), keepSeconds.most);
  const freshUntilMs = now + seconds * 1_000;
  if (!fetched.notModified) return { keys: readKeys(fetched.document, issuer.keys.from), etag: fetched.etag, freshUntilMs };
  if (known === undefined) throw new Error('the answer says that nothing changed, of nothing that is known');
  return { ...known, freshUntilMs };
}

/**
 * In a bundle of SPIFFE a key that does not say for which of the two kinds it is is for neither (SPIFFE Trust Domain and Bundle
 * §4.2.2).
 */
function readKeys(document: ExactRecord, from: TrustedIssuer['keys']['from']): readonly PublishedKey[] {
  const keys = document['keys'];
  if (!isExactList(keys) || keys.length > maxKeys) throw new Error('the answer is no set of keys');
  const published = keys.map((key) => toPlain(key)).filter((key): key is PublishedKey => typeof key === 'object' && key !== null);
  return from === 'bundle' ? published.filter(({ use }) => use === 'jwt-svid' || use === 'x509-svid') : published;
}

/**
 * RFC 8414 §3.3 and OpenID Connect Discovery §4.3: the metadata is believed only if it names exactly this issuer, on its
 * own host.
 */
async function findKeys({ issuer, keys, isInternal }: TrustedIssuer, fetchDocument: FetchDocument): Promise<string> {
  if (keys.from === 'jwks' || keys.from === 'bundle') return keys.url;
  const { document } = await firstOf(metadataAddresses(issuer), fetchDocument, isInternal);
  if (document['issuer'] !== issuer) throw new Error('the metadata is of another issuer');
  const address = document['jwks_uri'];
  if (typeof address !== 'string' || URL.parse(address)?.host !== new URL(issuer).host)
    throw new Error('the metadata sends us to another host for keys; give the address of the keys yourself');
  return address;
}

function metadataAddresses(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [`${origin}${path}/.well-known/openid-configuration`, `${origin}/.well-known/oauth-authorization-server${path}`];
}

async function firstOf(addresses: readonly string[], fetchDocument: FetchDocument, isInternal: boolean) {
  let trouble: unknown;
  for (const address of addresses) {
    try {
      const fetched = await fetchDocument(address, { isInternal });
      if (!fetched.notModified) return fetched;
    } catch (thrown) {
      trouble = thrown;
    }
  }
  throw trouble;
}
