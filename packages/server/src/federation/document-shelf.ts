import type { Clock } from '#kernel/clock';
import { Fault } from '#kernel/fault';
import { type ClientDocument, readClientDocument } from './client-document.ts';
import type { DocumentAddress } from './document-address.ts';
import type { FetchDocument } from './fetch-document.ts';

/** Reads the documents of clients. Fault `issuer.unreachable` when one cannot be had now, or is not one. */
export type DocumentShelf = {
  read(address: DocumentAddress, options: { readonly isInternal: boolean }): Promise<ClientDocument>;
};

type Kept = { readonly document: ClientDocument; readonly freshUntilMs: number };

/** The longest document (draft §6.6), in bytes. */
const maxBytes = 5_120;

/** How long a document is kept when its server does not say, and at most, in seconds. */
const keepSeconds = { unsaid: 300, most: 3_600 } as const;

const maxKept = 1_000;

/** How many documents of one host are asked for in one minute at most: whoever names clients here cannot have us storm it. */
const maxEachMinute = 60;

/**
 * Keeps documents of clients for as long as their servers let it, never an error. One that is asked for twice at once is
 * fetched once.
 */
export function createDocumentShelf(fetchDocument: FetchDocument, clock: Clock): DocumentShelf {
  const kept = new Map<string, Kept>();
  const asking = new Map<string, Promise<ClientDocument>>();
  const askedAt = new Map<string, readonly number[]>();

  const fetchOne = async (address: DocumentAddress, isInternal: boolean): Promise<ClientDocument> => {
    admit(askedAt, address.host, clock());
    try {
      const fetched = await fetchDocument(address.url, { isInternal, maxBytes });
      if (fetched.notModified) throw new Error('the answer says that nothing changed, of nothing that is known');
      const document = readClientDocument(fetched.document, address.url);
      const seconds = Math.min(fetched.maxAgeSeconds ?? keepSeconds.unsaid, keepSeconds.most);
      kept.delete(address.url);
      kept.set(address.url, { document, freshUntilMs: clock() + seconds * 1_000 });
      dropOldest(kept, maxKept);
      return document;
    } catch (thrown) {
      throw new Fault('issuer.unreachable', address.host, { cause: thrown });
    }
  };
  return {
    read: async (address, { isInternal }) => {
      const known = kept.get(address.url);
      if (known !== undefined && clock() < known.freshUntilMs) return known.document;
      const under = asking.get(address.url) ?? fetchOne(address, isInternal).finally(() => asking.delete(address.url));
      asking.set(address.url, under);
      return under;
    },
  };
}

function admit(askedAt: Map<string, readonly number[]>, host: string, now: number): void {
  const recent = (askedAt.get(host) ?? []).filter((at) => at > now - 60_000);
  if (recent.length >= maxEachMinute) throw new Fault('service.overloaded', 'many documents of one host are asked for');
  askedAt.delete(host);
  askedAt.set(host, [...recent, now]);
  dropOldest(askedAt, maxKept);
}

function dropOldest(map: Map<string, unknown>, max: number): void {
  for (const key of map.keys()) {
    if (map.size <= max) return;
    map.delete(key);
  }
}
