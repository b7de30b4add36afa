import type { Guard } from './flow-facts.ts';

/**
 * The guard that an argument falls under: itself, or a list or record that it stands in. Places in lists do not count:
 * `/rows/0/iban` falls under `/rows/iban`, as a schema has it, and under `/rows/*\/iban`.
 */
export function guardOver(guards: readonly Guard[], pointer: string): Guard | undefined {
  if (guards.length === 0) return undefined;
  const path = withoutPlaces(pointer);
  return guards.find((guard) => {
    const guarded = withoutPlaces(guard.pointer);
    return path === guarded || path.startsWith(`${guarded}/`);
  });
}

function withoutPlaces(pointer: string): string {
  return pointer.replace(/\/(?:\d+|\*)(?=\/|$)/g, '');
}
