import { type DestinationKind, DestinationKind as Kinds } from '@surety/contract/flow';
import { isExactRecord, readExactJson } from '@surety/contract/exact-json';
import { carriedCandidates } from '@surety/decision/flow/carried-values';
import { findSystemByName } from '#catalogue/system-store';
import type { Tx } from '#kernel/db';
import type { Sealer } from '#keys/seal';
import { argumentsPlace, type Question } from './approval.ts';

export type Place = { readonly kind: DestinationKind; readonly value: string };

/** As many values as arguments of a call may hold. */
const limits = { depth: 200, nodes: 300_000 };

/**
 * The destinations of a call that was asked about: what fills the arguments that say where something goes, as the catalogue has
 * them now. None where the operation is not known any more.
 */
export async function rememberedPlaces(tx: Tx, sealer: Sealer, question: Question): Promise<readonly Place[]> {
  const system = await findSystemByName(tx, question.system);
  const operation = system?.operations.find(({ name }) => name === question.operation);
  const guards = (operation?.flow?.guards ?? []).filter(({ of }) => of === 'destination').map(({ pointer }) => pointer);
  const args = readExactJson(sealer.open(argumentsPlace(question.id), question.sealed), limits);
  if (guards.length === 0 || !isExactRecord(args)) return [];
  const named = carriedCandidates(args).filter(
    ({ isWhole, pointer }) => isWhole && guards.some((guard) => pointer === guard || pointer.startsWith(`${guard}/`)),
  );
  return named.flatMap(({ values }) => values.flatMap(({ kind, value }) => placeOf(kind, value)).slice(0, 1));
}

function placeOf(kind: string, value: string): readonly Place[] {
  const known = Kinds.safeParse(kind);
  return known.success ? [{ kind: known.data, value }] : [];
}
