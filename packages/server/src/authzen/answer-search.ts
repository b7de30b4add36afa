import { setImmediate } from 'node:timers/promises';
import { type AccessSearch, readSearch, resultOf, type SearchKind, searchText } from '@surety/decision/authzen/access-search';
import { type FoundPage, searchAccess, type SearchPart } from '@surety/decision/authzen/decide-access';
import { newId } from '#kernel/id';
import { entryOf } from '#ledger/entry';
import type { AccessBody } from './access-body.ts';
import type { AuthzenRoom } from './authzen-room.ts';
import { searchesHouse, searchHouse } from './search-house.ts';
import { pageToken, readPageToken } from './page-token.ts';
import type { Pep } from './pep.ts';
import { judgeRecorded, sealAccess } from './record-access.ts';

/**
 * Answers one of the three searches (AuthZEN 1.0 §8), a page at a time. What is found is exactly what an evaluation would permit
 * now, by the same code. Throws `QuestionError`; faults `page.token_invalid` and those of {@link judgeRecorded}.
 */
export async function answerSearch(room: AuthzenRoom, pep: Pep, kind: SearchKind, body: AccessBody): Promise<object> {
  const { search, page } = readSearch(kind, body.members);
  const evaluation = newId<string>('evaluation', room.clock());
  const text = searchText(search);
  const { found, next } = await judgeRecorded(room, pep, {
    judge: async (now) => {
      const place = { pep: now, searchText: text };
      const after = page.token === undefined ? undefined : readPageToken(room, place, page.token);
      const part = { after, limit: page.limit };
      const one = searchesHouse(search)
        ? await searchHouse(room, now, search, part)
        : { ...(await searchSliced(room, now, search, part)), keys: [] };
      const last = one.isMore ? one.found.at(-1) : undefined;
      return { ...one, next: last === undefined ? '' : pageToken(room, place, last) };
    },
    entry: (now, { found: results }) => {
      const type = 'access.searched';
      const { sealed, digest } = sealAccess(room, now, { evaluation, type, asked: body.bytes, said: results, inputs: [] });
      const { version, id } = now.application;
      const data = { version, kind, results: results.length, evaluation, change: now.change, inputs: digest };
      return entryOf({ type, actor: now.caller.principal, about: id, data, sealed }, room.clock);
    },
  });
  return { page: { next_token: next, count: found.length }, results: found.map((one) => resultOf(search, one)) };
}

/** How many candidates are looked at before others have their turn. */
const sliceSize = 500;

/** Searches an application without keeping everybody else waiting. */
async function searchSliced(
  { engine }: AuthzenRoom,
  { application }: Pep,
  search: AccessSearch,
  { after, limit }: Pick<SearchPart, 'after' | 'limit'>,
): Promise<FoundPage> {
  const found: string[] = [];
  for (let from = 0; ;) {
    const slice = { from, most: sliceSize };
    const page = searchAccess(engine, application.compiled, search, { after, limit: limit - found.length, slice });
    found.push(...page.found);
    if (page.next === undefined) return { found, isMore: page.isMore };
    from = page.next;
    await setImmediate();
  }
}
