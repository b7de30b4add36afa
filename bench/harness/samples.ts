/** What was measured, one number a round. */
export type Samples = readonly number[];

export function median(values: Samples): number {
  return quantile(values, 0.5);
}

/** The value below which this part of all values lies (0 to 1), between neighbours by their distance. Throws without values. */
export function quantile(values: Samples, part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const place = (sorted.length - 1) * part;
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (low === undefined || high === undefined) throw new RangeError('nothing was measured');
  return low + (high - low) * (place - Math.floor(place));
}
