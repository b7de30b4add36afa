import type { CedarRecord, CedarValue } from '../cedar-value.ts';
import { type FlowFacts, untrusted } from './flow-facts.ts';

/** `context.facts.labels`: what the task tree has gathered. */
export function labelFacts({ labels }: FlowFacts): CedarValue {
  return [...new Set(labels.map(({ name }) => name))];
}

/**
 * `context.facts.from`: for every argument that carries something to follow, and for the lists and records that it stands in,
 * where its values were met and the labels of that. `untrusted` is in it only where nobody but an outsider named the value.
 * Pointers that carry nothing are not there: ask with `has`.
 */
export function fromFacts({ values }: FlowFacts): CedarRecord {
  const facts = new Map<string, Set<string>>();
  for (const { pointer, found, labels } of values) {
    const words = [found, ...labels.filter((label) => label !== untrusted)];
    for (const one of upwards(pointer)) {
      const known = facts.get(one) ?? new Set();
      for (const word of words) known.add(word);
      facts.set(one, known);
    }
  }
  const record: Record<string, CedarValue> = Object.create(null);
  for (const [pointer, words] of facts) record[pointer] = [...words];
  return record;
}

/** A pointer and what it stands in: `/a/0` → `/a/0`, `/a`. */
function upwards(pointer: string): string[] {
  const ends = [...pointer.matchAll(/\//g)].map(({ index }) => index).filter((index) => index > 0);
  return [pointer, ...ends.map((end) => pointer.slice(0, end))];
}
