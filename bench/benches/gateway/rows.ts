import { type Row, rowOf, type RowSource } from '../../harness/row.ts';
import type { Samples } from '../../harness/samples.ts';
import { type Taken, takenBy } from '../../harness/take-turns.ts';

export type Figure = 'p50Ms' | 'p99Ms' | 'rate' | 'serverMicros' | 'postgresMicros';

export type GatewayMeasured = {
  readonly taken: ReadonlyMap<string, Taken<Figure>>;
  /** One row, one commit, one at a time on the same PostgreSQL, in milliseconds. */
  readonly commits: Samples;
  readonly concurrencies: readonly number[];
  readonly agentsOf: { readonly few: number; readonly many: number };
};

const relayName = 'undici relay';

type Beside = Pick<RowSource, 'peer' | 'floor'>;

/** Cases without `c=` are of one call at a time. What is added is added to a call straight to the upstream, round by round. */
export function gatewayRows(measured: GatewayMeasured): readonly Row[] {
  const { commits } = measured;
  const twoCommits = commits.map((ms) => 2 * ms);
  return [
    ...measured.concurrencies.flatMap((c) => rowsAt(measured, c, twoCommits)),
    row('two commits c=1', 'ms', twoCommits),
    row('added p50 write minus two commits', 'ms', minus(added(measured, 'write', 1), twoCommits)),
    row('added p50 read minus two commits', 'ms', minus(added(measured, 'read', 1), twoCommits)),
  ];
}

function rowsAt(measured: GatewayMeasured, c: number, twoCommits: Samples): readonly Row[] {
  const { taken, agentsOf } = measured;
  const at = c === 1 ? '' : ` c=${c}`;
  const of = (name: string): Taken<Figure> => takenBy(taken, `${name} c=${c}`);
  const relay: Beside = {
    peer: { name: relayName, samples: added(measured, 'relay', c) },
    floor: c === 1 ? twoCommits : undefined,
  };
  const few: Beside = { peer: { name: `agents=${agentsOf.few}`, samples: added(measured, 'write', c) } };
  const besideRelay = (figure: Figure): Beside => ({ peer: { name: relayName, samples: of('relay')[figure] } });
  return [
    row(`added p50 write${at}`, 'ms', added(measured, 'write', c), relay),
    row(`added p50 read${at}`, 'ms', added(measured, 'read', c), relay),
    row(`added p50 write agents=${agentsOf.many}${at}`, 'ms', added(measured, 'write among many', c), few),
    row(`p99 write${at}`, 'ms', of('write').p99Ms, besideRelay('p99Ms')),
    row(`cpu per call write${at}`, 'us CPU', of('write').serverMicros, besideRelay('serverMicros')),
    row(`cpu per call read${at}`, 'us CPU', of('read').serverMicros, besideRelay('serverMicros')),
    row(`cpu per call postgres write${at}`, 'us CPU', of('write').postgresMicros),
    rowOf({
      bench: 'gateway',
      case: `rate write${at}`,
      unit: 'calls/s',
      better: 'higher',
      ours: of('write').rate,
      ...besideRelay('rate'),
    }),
  ];
}

function row(name: string, unit: string, ours: Samples, { peer, floor }: Beside = {}): Row {
  return rowOf({ bench: 'gateway', case: name, unit, better: 'lower', ours, peer, floor });
}

function added({ taken }: GatewayMeasured, name: string, c: number): Samples {
  return minus(takenBy(taken, `${name} c=${c}`).p50Ms, takenBy(taken, `direct c=${c}`).p50Ms);
}

function minus(samples: Samples, others: Samples): Samples {
  return samples.map((value, at) => value - (others[at] ?? Number.NaN));
}
