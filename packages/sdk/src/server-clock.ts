/** The time as one server has it. Only a refusal is a reason to look at its clock (RFC 9449 §11.1 is what it refuses by). */
export type ServerClock = {
  /** Milliseconds since the epoch, by that server's clock as far as it is known. */
  readonly now: () => number;
  /** Takes the time from an answer that was a refusal. True when it is another one than was thought: worth one more try. */
  readonly learn: (response: Response) => boolean;
};

/** A difference that is not worth a second request: proofs are taken for a minute. */
const toleratedMs = 5_000;

/** A clock that is further away is somebody's mistake, and no proof is made for such a time. */
const farthestMs = 24 * 3_600_000;

/** A clock of this computer, corrected by the `Date` (RFC 9110 §6.6.1) of a server that refused what was made by it. */
export function createServerClock(now: () => number = Date.now): ServerClock {
  let aheadMs = 0;
  return {
    now: () => now() + aheadMs,
    learn: (response) => {
      const theirs = Date.parse(response.headers.get('date') ?? '');
      const differs = theirs - now();
      if (Number.isNaN(theirs) || Math.abs(differs) > farthestMs || Math.abs(differs - aheadMs) < toleratedMs) return false;
      aheadMs = differs;
      return true;
    },
  };
}
