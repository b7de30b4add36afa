import type { Effect } from '@surety/contract/system';

/** MCP tool annotations: claims of the server about itself. */
export type EffectHints = {
  readonly readOnlyHint?: boolean | undefined;
  readonly destructiveHint?: boolean | undefined;
  readonly idempotentHint?: boolean | undefined;
  readonly openWorldHint?: boolean | undefined;
};

const set = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** Words that are things as often as acts: after a reading word they say what is read. */
const moneyThings = set(
  'payment payments payout refund refunds charge charges invoice transfer order checkout billing price discount credit debit',
);
const messageThings = set('email mail sms message post reply share call webhook http request download tweet');

const moneyActs = set('pay withdraw purchase buy sell subscribe');
const messageActs = set('send publish invite notify forward upload fetch browse navigate');
const destructiveActs = set(
  'delete remove destroy drop purge erase truncate wipe clear reset revoke cancel terminate kill stop shutdown overwrite move merge ' +
    'execute exec run eval shell command sql script deploy restore rollback',
);
const writingActs = set(
  'write create add insert update edit set put patch save append assign upsert import rename tag label comment close open start ' +
    'enable disable register approve schedule copy make mkdir replace apply change modify increment lock unlock archive',
);

/** The effects that words speak of, the gravest first. */
const effects: readonly (readonly [Effect, readonly ReadonlySet<string>[]])[] = [
  ['money', [moneyActs, moneyThings]],
  ['destructive', [destructiveActs]],
  ['external', [messageActs, messageThings]],
  ['write', [writingActs]],
];
const acts = [moneyActs, destructiveActs, messageActs, writingActs];

/** Words that read when a name begins with them, when it ends with them, and when the server also says that it reads. */
const readsFirst = set('get list read search find show view lookup count describe summarize stat ls peek');
const readsLast = set('get read search find lookup describe');
const readsIfSaid = set('check tree query status info head directory list view show count');

/**
 * What an operation probably does to the world, from the words of its name and what its server says of itself. The server
 * alone is believed only where it admits more than the name does; to be a read, the name must say so. What cannot be told
 * is `unknown`, which counts as destructive until a person says otherwise.
 */
export function classifyEffect(name: string, hints: EffectHints = {}): Effect {
  const parts = wordsOf(name);
  if (saysItReads(parts, hints)) return hints.openWorldHint === true ? 'external' : admitsMore(hints) ? 'unknown' : 'read';
  const named = effects.find(([, sets]) => parts.some((part) => sets.some((one) => one.has(part))))?.[0];
  if (named === undefined || readsFirst.has(parts[0] ?? '')) return 'unknown';
  return named === 'write' && hints.destructiveHint === true ? 'destructive' : named;
}

/** `get_invoice` and `file_read` read; `get_and_delete` and `post_status` do not. */
function saysItReads(parts: readonly string[], hints: EffectHints): boolean {
  if (parts.some((part) => acts.some((one) => one.has(part)))) return false;
  if (readsFirst.has(parts[0] ?? '')) return !parts.some((part) => ['and', 'or', 'then'].includes(part));
  if (parts.some((part) => moneyThings.has(part) || messageThings.has(part))) return false;
  return readsLast.has(parts.at(-1) ?? '') || (hints.readOnlyHint === true && parts.some((part) => readsIfSaid.has(part)));
}

/** The name says that it reads, and the server that it does more. */
function admitsMore({ readOnlyHint, destructiveHint }: EffectHints): boolean {
  return readOnlyHint === false || destructiveHint === true;
}

/** `refundCharge`, `refund-charge`, `REFUND_charge2` → refund, charge. */
function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((part) => part !== '');
}
