import { setTimeout as delay } from 'node:timers/promises';
import { importPrivateKey, type PublicKey, type SigningKey } from '@surety/proof/jwk';
import type { Feed } from '#change/feed';
import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { readHouseSecret } from './house-secret.ts';
import { createLogSigner, type LogSigner } from './log-signer.ts';
import { makeFirstKeys } from './make-key.ts';
import type { Sealer } from './seal.ts';
import { type KeyPurpose, sealingPlace, stillVerifies, type StoredKey, verifyingKey } from './signing-key.ts';
import { listLivingKeys } from './signing-key-store.ts';

/** The keys of the house, in memory. */
export type KeyRing = {
  /** The key that signs access tokens now. Fault `service.not_ready` when the keys changed and cannot be read again. */
  tokenKey(): SigningKey;
  /** A key by which an access token of ours may be signed now: next, current, or retiring and not over. */
  keyByKid(kid: string): PublicKey | undefined;
  /** RFC 7517 §5: the keys for verifying access tokens, with the one that comes next before it signs. */
  jwks(): { readonly keys: readonly object[] };
  /** The signer of the ledger's checkpoints under this origin. */
  logSigner(origin: string): LogSigner;
  /** 32 bytes, the same on every node: DPoP nonces are made from it. */
  readonly nonceSecret: Buffer;
  /** 32 bytes, the same on every node: fingerprints of values are keyed with it. */
  readonly flowSecret: Buffer;
  /** Reads the keys again; on a change of `keys` it happens by itself. */
  refresh(): Promise<void>;
  close(): void;
};

export type KeyRingOptions = {
  readonly db: Db;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly feed: Pick<Feed, 'onChange'>;
};

type Living = { readonly stored: StoredKey; readonly verifying: PublicKey };

/** Everything read at once, so that a change is taken whole or not at all. */
type Keys = { readonly living: ReadonlyMap<string, Living>; readonly token: SigningKey; readonly log: SigningKey };

/** How long what changed may go unread before nothing is signed and nothing verifies, in milliseconds. */
const unreadMs = 2_000;

/** How long after a failure the keys are read again, in milliseconds. */
const retryMs = 100;

/**
 * Opens the key ring: makes the keys of a new house, then reads all that live. Throws when what is stored does not open
 * with the key-encryption key: a house without its keys does not start.
 */
export async function openKeyRing({ db, sealer, clock, feed }: KeyRingOptions): Promise<KeyRing> {
  await db.transaction((tx) => makeFirstKeys(tx, { sealer, clock }));
  const nonceSecret = await readHouseSecret({ db, sealer, clock }, 'dpop-nonce');
  const flowSecret = await readHouseSecret({ db, sealer, clock }, 'flow');
  const reader = createReader(async () => readKeys(await listLivingKeys(db), sealer));
  await reader.read();
  const unsubscribe = feed.onChange((change) => {
    if (change.key === 'keys') reader.changed();
  });
  return {
    tokenKey: () => (reader.fresh() ?? notReady()).token,
    keyByKid: (kid) => {
      const found = reader.fresh()?.living.get(kid);
      return found !== undefined && isTokenKey(found.stored, clock()) ? found.verifying : undefined;
    },
    jwks: () => {
      const keys = [...(reader.fresh() ?? notReady()).living.values()].filter(({ stored }) => isTokenKey(stored, clock()));
      return { keys: keys.map(({ stored: { kid, jwk } }) => ({ ...jwk, kid, alg: 'ES256', use: 'sig' })) };
    },
    logSigner: (origin) => createLogSigner(origin, (reader.fresh() ?? notReady()).log),
    nonceSecret,
    flowSecret,
    refresh: () => reader.read(),
    close: () => {
      unsubscribe();
      reader.close();
    },
  };
}

function notReady(): never {
  throw new Fault('service.not_ready', 'the signing keys have changed and could not be read');
}

function isTokenKey(key: StoredKey, now: number): boolean {
  return key.purpose === 'token' && stillVerifies(key, now);
}

function readKeys(stored: readonly StoredKey[], sealer: Sealer): Keys {
  const living = new Map(stored.map((key) => [key.kid, { stored: key, verifying: verifyingKey(key) }] as const));
  return { living, token: openCurrent(stored, 'token', sealer), log: openCurrent(stored, 'log', sealer) };
}

/** Only the keys that sign now are opened. */
function openCurrent(stored: readonly StoredKey[], purpose: KeyPurpose, sealer: Sealer): SigningKey {
  const current = stored.find((key) => key.purpose === purpose && key.state === 'current');
  if (current === undefined) throw new Error(`there is no current ${purpose} key`);
  const key = importPrivateKey(JSON.parse(sealer.open(sealingPlace(current), current.sealed).toString('utf8')), current.kid);
  if (key.jkt !== current.kid) throw new Error(`what is sealed for the signing key ${current.kid} is another key`);
  return key;
}

/**
 * Reads again after every change, one reading at a time, and again while reading fails. What was read before stands until
 * a change has gone unread too long.
 */
function createReader(load: () => Promise<Keys>) {
  let keys: Keys | undefined;
  let unreadSince: number | undefined;
  let reading: Promise<void> | undefined;
  let asked = 0;
  let answered = 0;
  let isClosed = false;
  const readOnce = async (): Promise<void> => {
    const covers = asked;
    keys = await load();
    answered = covers;
    if (answered === asked) unreadSince = undefined;
  };
  const read = async (): Promise<void> => {
    const wanted = ++asked;
    while (answered < wanted) {
      reading ??= readOnce().finally(() => {
        reading = undefined;
      });
      await reading;
    }
  };
  const readUntilRead = async (): Promise<void> => {
    while (
      !isClosed &&
      !(await read().then(
        () => true,
        () => false,
      ))
    )
      await delay(retryMs, undefined, { ref: false });
  };
  return {
    read,
    changed: (): void => {
      unreadSince ??= performance.now();
      void readUntilRead();
    },
    fresh: (): Keys | undefined => (unreadSince !== undefined && performance.now() - unreadSince > unreadMs ? undefined : keys),
    close: (): void => {
      isClosed = true;
    },
  };
}
