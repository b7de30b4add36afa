import type { World } from './world.ts';

/** Proofs that were used, as a service would remember them by itself. */
export type Seen = { readonly spend: (proof: string) => boolean };

/** Two sets that change places, so that it never grows beyond the last calls. */
export function seenProofs(perSet = 100_000): Seen {
  let [young, old] = [new Set<string>(), new Set<string>()];
  return {
    spend: (proof) => {
      if (young.has(proof) || old.has(proof)) return false;
      if (young.size >= perSet) [young, old] = [new Set(), young];
      young.add(proof);
      return true;
    },
  };
}

/** Whether everything issued to an agent until now is dead. */
export function endsHere({ cutOffs }: World, agent: string): boolean {
  return (cutOffs.get(agent) ?? 0) > Date.now();
}
