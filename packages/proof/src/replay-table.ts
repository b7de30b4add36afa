import { hash, randomBytes } from 'node:crypto';

/**
 * Remembers proofs that were used. `spend` answers true for a first use, false for a repeat, 'full' when it cannot
 * promise to remember one more; both of the last two mean: refuse.
 */
export type ReplayTable = { readonly spend: (jkt: string, jti: string, nowMs: number) => boolean | 'full' };

/** `capacity`: proofs per generation. `windowSeconds`: how long each is remembered at least (default and minimum 120). */
export type ReplayTableOptions = { readonly capacity: number; readonly windowSeconds?: number };

/** A generation lasts this much longer than the window, so that a clock set back a little is no cause to refuse. */
const slackMs = 10_000;

/** Open addressing, two 32-bit words a slot, at most half full. */
type Generation = { readonly words: Uint32Array; used: number; startMs: number };

/**
 * Replay table of RFC 9449 §11.1 in memory of a fixed size: two generations of 64 bits of SHA-256 over a secret
 * of this process and the proof's name, so that nobody can aim for a collision; 16 to 32 bytes a proof in each. What is
 * kept leaves the process in no form, so nothing can be worked out of it or added to it. A proof is remembered from one
 * to two windows. When a generation is full, or the clock went back to a time whose proofs are forgotten, it refuses
 * rather than forget. It knows nothing of other nodes or of before it was made; a durable store covers those.
 */
export function createReplayTable({ capacity, windowSeconds = 120 }: ReplayTableOptions): ReplayTable {
  if (windowSeconds < 120) throw new RangeError('The window must be at least 120 s: a proof is fresh for 60 s each way.');
  const secret = randomBytes(32).toString('hex'); // one block of SHA-256
  const slots = 2 ** Math.ceil(Math.log2(Math.max(16, capacity * 2)));
  const generationMs = windowSeconds * 1_000 + slackMs;
  const empty = (startMs: number): Generation => ({ words: new Uint32Array(slots * 2), used: 0, startMs });
  let young = empty(-Infinity);
  let old = empty(-Infinity);
  const turn = (nowMs: number): void => {
    if (young.startMs === -Infinity) young.startMs = nowMs;
    if (nowMs < young.startMs + generationMs) return;
    const lapsed = nowMs >= young.startMs + 2 * generationMs;
    const spare = old;
    old = young;
    if (lapsed) {
      old.words.fill(0);
      old.startMs = nowMs - generationMs;
    }
    spare.words.fill(0);
    young = Object.assign(spare, { used: 0, startMs: nowMs });
  };
  return {
    spend: (jkt, jti, nowMs) => {
      turn(nowMs);
      if (nowMs - windowSeconds * 1_000 < old.startMs) return 'full';
      const mark = hash('sha256', `${secret}${jkt}.${jti}`, 'hex');
      const high = Number.parseInt(mark.slice(0, 8), 16);
      const low = Number.parseInt(mark.slice(8, 16), 16) || 1;
      if (find(old, high, low) === undefined) return false;
      const slot = find(young, high, low);
      if (slot === undefined) return false;
      if (young.used >= capacity) return 'full';
      young.words[slot] = high;
      young.words[slot + 1] = low;
      young.used++;
      return true;
    },
  };
}

/** Where the mark would go; undefined when it is there already. A low word of zero marks an empty slot. */
function find({ words }: Generation, high: number, low: number): number | undefined {
  const last = words.length - 1;
  for (let at = (high * 2) & last; ; at = (at + 2) & last) {
    if (words[at + 1] === 0) return at;
    if (words[at] === high && words[at + 1] === low) return undefined;
  }
}
