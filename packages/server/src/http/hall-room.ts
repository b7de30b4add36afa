import type { Feed } from '#change/feed';
import type { Authenticator } from '#authn/authenticate';
import type { AuthzenRoom } from '#authzen/authzen-room';
import type { IssuanceRoom } from '#issuance/issuance-room';
import type { AnyAnswer } from '#kernel/answer';
import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import type { Log } from '#kernel/log';
import type { Permit } from '#kernel/perform';
import type { KeyRing } from '#keys/key-ring';
import type { CommitQueue } from '#ledger/commit-queue';

/** What the hall needs: the answers of the rooms, and those who stand at its doors. */
export type HallRoom = {
  /** Public origin of the API, without a slash at the end. */
  readonly issuer: string;
  readonly version: string;
  readonly answers: readonly AnyAnswer[];
  readonly issuance: IssuanceRoom;
  /** The decision point over HTTP; left out, nothing stands at its paths. */
  readonly authzen?: AuthzenRoom | undefined;
  readonly authenticator: Authenticator;
  readonly permit: Permit;
  readonly queue: CommitQueue;
  readonly keyRing: Pick<KeyRing, 'jwks'>;
  readonly feed: Pick<Feed, 'isFresh' | 'waitFor'>;
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the server has its first person. */
  readonly isClaimed: () => Promise<boolean>;
};
