import { untrustedLabel } from '@surety/contract/flow';
import type { Effect, Upstream } from '@surety/contract/system';

const set = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** Things that outsiders write, or write into: whoever reads them reads an outsider's words. */
const outsideThings = set(
  'email emails mail mails inbox message messages sms chat chats thread threads conversation conversations dm post posts comment ' +
    'comments review reviews rating ratings feedback reply replies ticket tickets issue issues bug bugs web webpage webpages website ' +
    'url urls link links html feed rss news article articles tweet tweets file files document documents doc docs attachment ' +
    'attachments pdf upload uploads drive folder calendar event events invite invites invitation invitations appointment appointments ' +
    'resource resources meeting meetings transaction transactions statement statements invoice invoices receipt receipts submission submissions survey ' +
    'transcript transcripts voicemail note notes paste snippet commit commits readme wiki internet',
);

/** The same in what a server says of an operation, where `email` and the like are as often the name of a field. */
const outsideThingsSaid = set(
  'inbox message messages webpage webpages website comment comments review reviews attachment attachments internet',
);

/** Names of operations that make something and give back what they were given. */
const makingActs = set(
  'send post create add make new write set insert delete remove cancel pay transfer refund reserve book order invite schedule register submit',
);

/** What a result is about, by words of the operation and of the fields that its server says it has. */
const aboutWords: readonly (readonly [string, ReadonlySet<string>])[] = [
  ['secret', set('password passwords secret secrets credential credentials token tokens apikey passphrase mfa otp pin')],
  [
    'pii',
    set(
      'passport ssn birthday birthdate dob phone phones telephone address addresses patient patients medical health diagnosis salary ' +
        'employee employees candidate candidates personal person people citizen resident household identity',
    ),
  ],
  ['customer', set('customer customers client clients subscriber subscribers member members crm guest guests passenger')],
  [
    'financial',
    set(
      'iban balance balances account accounts transaction transactions invoice invoices payment payments payout payouts salary payroll ' +
        'bank ledger revenue card cards loan loans tax statement statements billing',
    ),
  ],
];

/** One operation, as its server describes it, and where the system stands. */
export type Described = {
  readonly name: string;
  readonly description?: string | undefined;
  readonly outputSchema?: unknown;
  readonly effect: Effect;
};

/** What everything that comes from a system is until a person has said more: an outsider's, unless it stands inside. */
export function classifySystem(upstream: Upstream): string[] {
  return upstream.inside === true ? [] : [untrustedLabel];
}

/**
 * Labels of what comes back from an operation, by the words of its name, the first sentence that its server says of it, and the
 * names of the fields that it says it gives. Whoever guesses here guesses towards more labels: a person takes away what is too
 * much.
 */
export function classifyLabels({ name, description = '', outputSchema, effect }: Described): string[] {
  const named = thingsNamed(wordsOf(name));
  const said = wordsOf(firstSentence(description));
  const things = [named, said, ...fieldNames(outputSchema).map(wordsOf)];
  const isOutsiders =
    readsWords(named, effect) &&
    (named.some((word) => outsideThings.has(word)) || said.some((word) => outsideThingsSaid.has(word)));
  return [...new Set([...things.flatMap(aboutOf), ...(isOutsiders ? [untrustedLabel] : [])])];
}

/** Labels of the single fields of a result whose names say more than the operation does, by JSON pointer. */
export function classifyFields(outputSchema: unknown): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const pointer of fieldPointers(outputSchema)) {
    const words = wordsOf(pointer.slice(pointer.lastIndexOf('/') + 1));
    const labels = aboutOf(words);
    if (labels.length > 0 && Object.keys(found).length < maxFields) found[pointer] = labels;
  }
  return found;
}

/** A token that turns a page is no secret. */
const pagingWords = set('page next previous continuation sync cursor');

function aboutOf(words: readonly string[]): string[] {
  const isPaging = words.some((word) => pagingWords.has(word));
  const counted = isPaging ? words.filter((word) => word !== 'token' && word !== 'tokens') : words;
  return aboutWords.filter(([, about]) => counted.some((word) => about.has(word))).map(([label]) => label);
}

/** Words of a name up to where it says by what something is found: `search_contacts_by_email` is about contacts. */
function thingsNamed(words: readonly string[]): readonly string[] {
  const end = words.findIndex((word, at) => at > 0 && ['by', 'with', 'for'].includes(word));
  return end === -1 ? words : words.slice(0, end);
}

const maxFields = 100;
const maxDepth = 6;

/** Whether what comes back is more than what went in. */
function readsWords(named: readonly string[], effect: Effect): boolean {
  return effect === 'read' || !makingActs.has(named[0] ?? '');
}

function fieldNames(schema: unknown): string[] {
  return fieldPointers(schema).map((pointer) => pointer.slice(pointer.lastIndexOf('/') + 1));
}

/** JSON pointers of the fields that a JSON Schema names; `*` for the items of a list. */
function fieldPointers(schema: unknown, at = '', depth = 0): string[] {
  if (typeof schema !== 'object' || schema === null || depth > maxDepth) return [];
  const { properties, items } = schema as { properties?: unknown; items?: unknown };
  const below = isRecord(properties)
    ? Object.entries(properties).flatMap(([name, one]) => {
        const pointer = `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
        return [pointer, ...fieldPointers(one, pointer, depth + 1)];
      })
    : [];
  return [...below, ...(isRecord(items) ? fieldPointers(items, `${at}/*`, depth + 1) : [])].slice(0, 1_000);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstSentence(description: string): string {
  return (description.split(/(?<=[.!?])\s|\n/, 1)[0] ?? '').slice(0, 300);
}

/** `getUserEmails`, `get-user-emails` → get, user, emails. */
function wordsOf(name: string): string[] {
  return name
    .slice(0, 1_000)
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((part) => part !== '');
}
