import type { Samples } from './samples.ts';

/** One of the parties that are measured beside each other. A round gives a number for each of its figures. */
export type Side<Figure extends string> = {
  readonly name: string;
  readonly round: () => Promise<Readonly<Record<Figure, number>>>;
};

/** The figures of one side, one number a round. */
export type Taken<Figure extends string> = Readonly<Record<Figure, Samples>>;

export type Turns = {
  readonly rounds: number;
  /** Before each round, outside the clock; the warm-up is round 0. */
  readonly before?: ((round: number) => Promise<void> | void) | undefined;
};

/**
 * Lets every side have its turn in every round, another one first each time, so that whatever else the computer does falls
 * on all alike. The first round warms up and counts for nothing. Answers by the side's name.
 */
export async function takeTurns<Figure extends string>(
  sides: readonly Side<Figure>[],
  { rounds, before }: Turns,
): Promise<ReadonlyMap<string, Taken<Figure>>> {
  const taken = new Map<string, Record<Figure, number>[]>(sides.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    await before?.(round);
    const first = round % sides.length;
    for (const side of [...sides.slice(first), ...sides.slice(0, first)]) {
      const figures = await side.round();
      if (round > 0) taken.get(side.name)?.push(figures);
    }
  }
  return new Map([...taken].map(([name, figures]) => [name, turned(figures)]));
}

function turned<Figure extends string>(rounds: readonly Record<Figure, number>[]): Taken<Figure> {
  const names = Object.keys(rounds[0] ?? {}) as Figure[];
  const columns = names.map((name) => [name, rounds.map((figures) => figures[name])] as const);
  return Object.fromEntries(columns) as unknown as Taken<Figure>;
}

/** The figures of a side that took part. */
export function takenBy<Figure extends string>(taken: ReadonlyMap<string, Taken<Figure>>, name: string): Taken<Figure> {
  const figures = taken.get(name);
  if (figures === undefined) throw new RangeError(`${name} took no part`);
  return figures;
}
