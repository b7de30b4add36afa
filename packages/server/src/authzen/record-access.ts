import { inputsPlace } from '#decision/inputs-place';
import { hearNewer } from '#change/hear-newer';
import { Fault } from '#kernel/fault';
import { sealedDigest } from '#keys/seal';
import type { Entry } from '#ledger/record';
import type { AuthzenRoom } from './authzen-room.ts';
import { type Pep, pepKeys, renewPep } from './pep.ts';

/** What was come to, and what it stands on. */
export type Standing = {
  readonly keys: readonly string[];
  readonly approval?: { readonly id: string; readonly usedBy: string } | undefined;
};

/** How often a request is judged again because what it was judged on changed before it was recorded. */
const maxRounds = 5;

/**
 * Judges, and makes it durable before it is answered: the entry, the spent proof and the used yes in one statement. What was
 * judged on an older version is judged again. Faults `dpop.proof_replayed`, `service.not_ready`.
 */
export async function judgeRecorded<Judged extends Standing>(
  room: AuthzenRoom,
  first: Pep,
  { judge, entry }: { readonly judge: (pep: Pep) => Promise<Judged>; readonly entry: (pep: Pep, judged: Judged) => Entry },
): Promise<Judged> {
  let pep = first;
  let isSpent = false;
  for (let round = 0; round < maxRounds; round++) {
    if (round > 0) pep = await renewPep(room, pep);
    if (!room.feed.isFresh()) throw new Fault('service.not_ready', 'the change feed is stale');
    const judged = await judge(pep);
    const result = await room.queue.commit({
      entries: [entry(pep, judged)],
      spends: isSpent ? [] : [pep.spend],
      fence: { change: pep.change, keys: [...new Set([...pepKeys(pep), ...judged.keys])] },
      ...(judged.approval === undefined ? {} : { approval: judged.approval }),
    });
    if (result === 'committed') return judged;
    if (result === 'replayed') throw new Fault('dpop.proof_replayed');
    isSpent = true;
    if (result === 'stale') await hearNewer(room, pep.change);
  }
  throw new Fault('service.not_ready', 'what this was decided on kept changing');
}

/** Everything that was asked and said, sealed for the entry of this evaluation; and the digest that stands in it. */
export function sealAccess(
  { sealer }: Pick<AuthzenRoom, 'sealer'>,
  { application: { id, version, documentDigest } }: Pep,
  what: {
    readonly evaluation: string;
    readonly type: string;
    /** JSON. */
    readonly asked: Buffer;
    readonly said: unknown;
    readonly inputs: readonly Buffer[];
  },
): { readonly sealed: Buffer; readonly digest: string } {
  const { evaluation, type, asked, said, inputs } = what;
  const text =
    `{"format":1,"application":${JSON.stringify({ id, version, documentDigest })},"asked":${asked.toString()},` +
    `"said":${JSON.stringify(said)},"inputs":[${inputs.map(String).join(',')}]}`;
  const sealed = sealer.seal(inputsPlace(evaluation, type), text);
  return { sealed, digest: sealedDigest(sealed) };
}
