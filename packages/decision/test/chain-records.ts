import type { ChainEvent, ChainHistory, SmallCall } from './chain-history.ts';
import { newLink } from './chain-history.ts';
import type { ChainWorld, Pool, SmallLink } from './chain-world.ts';

/**
 * What the house keeps of a chain, one row for each thing, changed by each event as it comes, as its stores do: changes are
 * numbered, a task remembers the number it was opened after, a cut-off the number it has. Nothing of the past is kept beside
 * that.
 */
export type ChainRecords = {
  readonly apply: (event: ChainEvent) => void;
  /** The chain as its rows have it now, asked for one call. */
  readonly read: (call: SmallCall) => ChainWorld;
};

/** What these records may be made to get wrong, so that it is seen whether anybody finds out. */
export const recordMistakes = [
  'an agent that is active again goes on with what it had begun',
  'an owner who is back goes on with what hung on them',
  'a person who asked and is back goes on with what they had asked for',
  'a key that is revoked leaves what it opened open',
  'a task that ended stays open',
  'a mandate that was replaced is still gone by',
  'a mandate that was ended is still gone by',
  'a new mandate revives what was handed on under the one before',
  'what was committed while something ended lives on',
  'time stands still',
  'roles that were taken away still count',
  'a policy that was replaced is still gone by',
] as const;

export type RecordMistake = (typeof recordMistakes)[number];

type Row = { link: SmallLink; openedAfter: number; hadMandate: boolean };

export function openRecords({ start }: ChainHistory, pool: Pool, mistake?: RecordMistake): ChainRecords {
  const wrong = (one: RecordMistake): boolean => mistake === one;
  const rows: Row[] = start.links.map((link) => ({ link, openedAfter: 0, hadMandate: link.mandate !== undefined }));
  const cutOffs = new Map<string, number>();
  let number = 0;
  let world = start;
  const cut = (key: string): void => void cutOffs.set(key, number);
  const change = (at: number, changed: Partial<SmallLink>): void => {
    const row = rows[at];
    if (row !== undefined) row.link = { ...row.link, ...changed };
  };
  const give = (at: number, to: number | undefined): void => {
    const row = rows[at];
    if (
      row === undefined ||
      wrong(to === undefined ? 'a mandate that was ended is still gone by' : 'a mandate that was replaced is still gone by')
    )
      return;
    const isLost = row.hadMandate && !isInForce(row.link);
    if (to !== undefined && isLost && !wrong('a new mandate revives what was handed on under the one before'))
      cut(`handed on ${at}`);
    row.hadMandate ||= to !== undefined;
    change(at, { mandate: to });
  };
  const isInForce = ({ agent, mandate }: SmallLink): boolean => {
    const kept = mandate === undefined ? undefined : pool.mandates[agent]?.[mandate];
    return kept !== undefined && !kept.isExpired && kept.lastsSeconds > world.elapsedSeconds;
  };
  const apply = (event: ChainEvent): void => {
    number++;
    switch (event.kind) {
      case 'mandate':
        return give(event.at, event.to);
      case 'agent':
        change(event.at, { isActive: event.isActive });
        if (!event.isActive && !wrong('an agent that is active again goes on with what it had begun')) cut(`agent ${event.at}`);
        return;
      case 'owner':
        change(event.at, { isOwnerActive: event.isActive });
        if (!event.isActive && !wrong('an owner who is back goes on with what hung on them')) cut(`agent ${event.at}`);
        return;
      case 'task':
        return wrong('a task that ended stays open') ? undefined : change(event.at, { isTaskOpen: false });
      case 'key':
        return wrong('a key that is revoked leaves what it opened open') ? undefined : change(event.at, { isTaskOpen: false });
      case 'requester':
        world = { ...world, isRequesterActive: event.isActive };
        if (!event.isActive && !wrong('a person who asked and is back goes on with what they had asked for')) cut('requester');
        return;
      case 'roles':
        if (!wrong('roles that were taken away still count')) world = { ...world, roles: event.to };
        return;
      case 'organisation':
        if (!wrong('a policy that was replaced is still gone by')) world = { ...world, organisation: event.to };
        return;
      case 'clock':
        if (!wrong('time stands still')) world = { ...world, elapsedSeconds: world.elapsedSeconds + event.seconds };
        return;
      case 'handed on': {
        const behind = wrong('what was committed while something ended lives on') ? 0 : event.behind;
        rows.push({ link: newLink(event), openedAfter: Math.max(0, number - 1 - behind), hadMandate: true });
      }
    }
  };
  const isCut = (row: Row, key: string): boolean => (cutOffs.get(key) ?? -1) > row.openedAfter;
  const linkOf = (row: Row, at: number): SmallLink => {
    const keys = [
      `agent ${at}`,
      ...(at > 0 ? [`agent ${at - 1}`, `handed on ${at - 1}`] : start.isRequested ? ['requester'] : []),
    ];
    return { ...row.link, isTaskOpen: row.link.isTaskOpen && !keys.some((key) => isCut(row, key)) };
  };
  return {
    apply,
    read: ({ system, operation, effect, amount }) => ({ ...world, system, operation, effect, amount, links: rows.map(linkOf) }),
  };
}
