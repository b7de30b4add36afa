import { createHmac, timingSafeEqual } from 'node:crypto';
import { Fault } from '#kernel/fault';
import type { AuthzenRoom } from './authzen-room.ts';
import type { Pep } from './pep.ts';

/** What a token is good for: the same search, of the same PEP, in the same version of its application. */
export type PagePlace = { readonly pep: Pep; readonly searchText: string };

type Signing = Pick<AuthzenRoom, 'keyRing'>;

/** A token for the page behind a result: its name and a keyed digest over it and all that it is good for. */
export function pageToken(room: Signing, place: PagePlace, after: string): string {
  return `${Buffer.from(after).toString('base64url')}.${digestOf(room, place, after).toString('base64url')}`;
}

/** The name of the last result of the page before. Fault `page.token_invalid` for a token that is not for this search. */
export function readPageToken(room: Signing, place: PagePlace, token: string): string {
  const [name = '', digest = '', ...more] = token.split('.');
  const after = Buffer.from(name, 'base64url').toString();
  const given = Buffer.from(digest, 'base64url');
  const expected = digestOf(room, place, after);
  const isOurs = more.length === 0 && given.length === expected.length && timingSafeEqual(given, expected);
  if (!isOurs) throw new Fault('page.token_invalid');
  return after;
}

function digestOf({ keyRing }: Signing, { pep: { caller, application }, searchText }: PagePlace, after: string): Buffer {
  const key = createHmac('sha256', keyRing.nonceSecret).update('surety authzen page').digest();
  const text = JSON.stringify([caller.principal, application.id, application.version, searchText, after]);
  return createHmac('sha256', key).update(text).digest();
}
