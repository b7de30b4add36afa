import { isLong } from './long.ts';

export const msPer = { day: 86_400_000n, hour: 3_600_000n, minute: 60_000n, second: 1_000n } as const;

const form = /^(-?)(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?$/;
const units = [msPer.day, msPer.hour, msPer.minute, msPer.second, 1n];

/** Cedar's `duration`: milliseconds in a signed 64-bit integer. */
export class Duration {
  readonly kind = 'duration';
  readonly ms: bigint;

  constructor(ms: bigint) {
    this.ms = ms;
  }

  equals(other: object): boolean {
    return other instanceof Duration && this.ms === other.ms;
  }

  get key(): string {
    return `p${this.ms}`;
  }
}

/** Reads `-1d2h3m4s5ms`, each part at most once and in this order. Undefined for anything else and beyond the range. */
export function readDuration(text: string): Duration | undefined {
  const [, sign, ...parts] = form.exec(text) ?? [];
  if (sign === undefined || parts.every((part) => part === undefined)) return undefined;
  const total = parts.reduce((sum, part, at) => sum + BigInt(part ?? 0) * (units[at] ?? 0n), 0n);
  const ms = sign === '-' ? -total : total;
  return isLong(ms) ? new Duration(ms) : undefined;
}
