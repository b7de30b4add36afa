import type { Effect } from '@surety/contract/system';
import type { Guard, GuardOf } from './flow-facts.ts';
import { stemmedWords } from './stems.ts';

/** A parameter of an operation, as far as its schema is read. `pointer` is into the arguments. */
export type Parameter = {
  readonly pointer: string;
  readonly name: string;
  readonly description?: string | undefined;
  /** JSON Schema `format`. */
  readonly format?: string | undefined;
};

export type GuardedOperation = { readonly name: string; readonly effect: Effect; readonly parameters: readonly Parameter[] };

/** Words in names of parameters that say where something goes. */
const destinationWords = stems(
  'to cc bcc recipient receiver email mail address addressee url uri link href host hostname domain endpoint webhook callback website site ' +
    'iban account bic swift beneficiary payee creditor destination dest channel room phone mobile msisdn fax participant attendee invitee ' +
    'guest forward redirect remote bucket topic queue audience inbox mailbox contact chat peer wallet',
);

/** Words that say the same where a server describes a parameter whose name does not: few, because descriptions speak of much. */
const saidDestinationWords = stems('recipient receiver addressee beneficiary payee iban webhook invitee');
const longestDescription = 300;

/** Words that name an address on a network: what a read fetches from there is sent there first. */
const addressWords = stems('url uri link href host hostname domain endpoint webhook callback website remote');

/** Words that say who may do something from now on, or with what secret. */
const authorityWords = stems(
  'password passphrase passcode pin secret credential permission privilege role scope access acl owner member visibility public policy user ' +
    'username collaborator reviewer approver assignee delegate group team grantee principal',
);

/** Words of names that only say how an object is named, not what it is. */
const namingWords = stems('id ids identifier key name names path file filename number ref reference uuid slug handle code');

const addressFormats: Readonly<Record<string, GuardOf>> = {
  uri: 'destination',
  url: 'destination',
  iri: 'destination',
  hostname: 'destination',
  email: 'destination',
  'idn-email': 'destination',
  password: 'authority',
};

/**
 * Which arguments of an operation say where something goes, who may have it, or what is touched, by the words of names and the
 * formats of schemas. A proposal that a person can correct. A read has guards only where it reaches for an address.
 */
export function findGuards({ name, effect, parameters }: GuardedOperation): readonly Guard[] {
  const operationWords = new Set(stemmedWords(name));
  return parameters.flatMap((parameter) => {
    const of = guardOf(parameter, effect, operationWords);
    if (of === undefined || (effect === 'read' && !isAddress(parameter))) return [];
    return [{ pointer: parameter.pointer, of }];
  });
}

function guardOf(parameter: Parameter, effect: Effect, operationWords: ReadonlySet<string>): GuardOf | undefined {
  const words = stemmedWords(parameter.name);
  const objects = words.filter((word) => !namingWords.has(word));
  const isOwn = objects.length > 0 && objects.every((word) => operationWords.has(word));
  // What the operation itself is named after is what it works on, however its parameter is named.
  if (isOwn && isNamed(words) && effect !== 'external' && effect !== 'money') return 'target';
  const named = guardNamed(words, parameter.format) ?? guardDescribed(parameter, effect);
  return named ?? (isOwn || (objects.length === 0 && isNamed(words)) ? 'target' : undefined);
}

function guardNamed(words: readonly string[], format: string | undefined): GuardOf | undefined {
  const byFormat = format === undefined ? undefined : addressFormats[format];
  if (byFormat !== undefined) return byFormat;
  if (words.some((word) => destinationWords.has(word))) return 'destination';
  return words.some((word) => authorityWords.has(word)) && !isNamed(words) ? 'authority' : undefined;
}

function guardDescribed({ description = '' }: Parameter, effect: Effect): GuardOf | undefined {
  if (effect === 'read') return undefined;
  const said = stemmedWords(description.slice(0, longestDescription));
  return said.some((word) => saidDestinationWords.has(word)) ? 'destination' : undefined;
}

function isNamed(words: readonly string[]): boolean {
  return words.some((word) => namingWords.has(word) && word !== 'nam');
}

function isAddress({ name, format }: Parameter): boolean {
  return (
    (format !== undefined && ['uri', 'url', 'iri', 'hostname'].includes(format)) ||
    stemmedWords(name).some((word) => addressWords.has(word))
  );
}

function stems(words: string): ReadonlySet<string> {
  return new Set(stemmedWords(words));
}
