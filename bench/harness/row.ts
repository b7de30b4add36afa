import { median, type Samples } from './samples.ts';

/**
 * One line of a benchmark's answer. `ours` and `peer.value` are medians of rounds that took turns in the same run, `spread`
 * the least and greatest of ours, `ratio` how many times better ours is (above 1 is ahead), `floor` the bare work.
 */
export type Row = {
  readonly bench: string;
  readonly case: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly ours: number;
  readonly peer: { readonly name: string; readonly value: number } | null;
  readonly floor: number | null;
  readonly ratio: number | null;
  readonly runs: number;
  readonly spread: readonly [number, number];
};

export type RowSource = {
  readonly bench: string;
  readonly case: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly ours: Samples;
  readonly peer?: { readonly name: string; readonly samples: Samples } | undefined;
  readonly floor?: Samples | undefined;
};

/** The row of samples that were taken in turns. */
export function rowOf({ ours, peer, floor, ...source }: RowSource): Row {
  const mine = median(ours);
  const theirs = peer && median(peer.samples);
  const { bench, case: name, unit, better } = source;
  return {
    bench,
    case: name,
    unit,
    better,
    ours: rounded(mine),
    peer: peer === undefined || theirs === undefined ? null : { name: peer.name, value: rounded(theirs) },
    floor: floor === undefined ? null : rounded(median(floor)),
    ratio: theirs === undefined ? null : rounded(better === 'lower' ? theirs / mine : mine / theirs),
    runs: ours.length,
    spread: [rounded(Math.min(...ours)), rounded(Math.max(...ours))],
  };
}

/** Four digits: more mean nothing. Throws when nothing was measured. */
function rounded(value: number): number {
  if (!Number.isFinite(value)) throw new RangeError('a figure is no number');
  return Number(value.toPrecision(4));
}
