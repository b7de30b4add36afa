import { type AccessSearch, questionAbout } from '@surety/decision/authzen/access-search';
import type { FoundPage } from '@surety/decision/authzen/decide-access';
import type { AuthzenRoom } from './authzen-room.ts';
import { callActions, houseResource } from './house-question.ts';
import { judgeQuestion } from './judge-question.ts';
import type { Pep } from './pep.ts';

/** Whether a search is one in our own world: for operations, or for who may call one. */
export function searchesHouse(search: AccessSearch): boolean {
  return (search.kind === 'resource' ? search.type : search.resource.type) === houseResource;
}

type Part = { readonly after: string | undefined; readonly limit: number };

/**
 * Searches our own world by asking the decision point about every candidate: operations of the systems that the application may
 * ask about; the names of an action; the one agent whose task is named, for nobody else can act in it.
 */
export async function searchHouse(
  room: AuthzenRoom,
  pep: Pep,
  search: AccessSearch,
  { after, limit }: Part,
): Promise<FoundPage & { readonly keys: readonly string[] }> {
  const found: string[] = [];
  const keys = new Set<string>();
  for (const candidate of (await candidatesOf(room, pep, search)).toSorted()) {
    if (after !== undefined && candidate <= after) continue;
    const judgement = await judgeQuestion(room, pep, questionAbout(search, candidate), { evaluation: undefined, isAlone: false });
    for (const key of judgement.keys) keys.add(key);
    if (!judgement.decision) continue;
    if (found.length === limit) return { found, isMore: true, keys: [...keys] };
    found.push(candidate);
  }
  return { found, isMore: false, keys: [...keys] };
}

async function candidatesOf(room: AuthzenRoom, { application }: Pep, search: AccessSearch): Promise<readonly string[]> {
  if (search.kind === 'action') return callActions;
  if (search.kind === 'subject') {
    const { task } = search.context;
    const acting = typeof task === 'string' && search.type === 'agent' ? await room.authority.task(task) : undefined;
    return acting === undefined ? [] : [acting.agent];
  }
  const systems = await Promise.all([...application.systems].map((name) => room.systems.byName(name)));
  return systems.flatMap((system) =>
    system === undefined ? [] : [...system.operations.keys()].map((one) => `${system.name}.${one}`),
  );
}
