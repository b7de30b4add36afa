import { ExactJsonError } from '@surety/contract/exact-json';
import type { SystemCredential } from '@surety/contract/enforcement';
import { type Operation, protocolOperations, type Upstream } from '@surety/contract/system';
import { definitionDigest } from '@surety/decision/definition-digest';
import { classifyEffect, type EffectHints } from './classify-effect.ts';
import { classifyFlow } from './classify-flow.ts';

/** One operation as its server describes it. Every word of it is the server's claim. */
export type DescribedOperation = {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema: unknown;
  readonly outputSchema?: unknown;
  readonly annotations?: EffectHints | undefined;
  /** Everything about it whose change must be looked at again; hashed whole. */
  readonly definition: unknown;
};

/** Asks a system what can be called on it. Given by `compose.ts`; throws when the system does not answer. */
export type Describe = (upstream: Upstream, credential?: SystemCredential) => Promise<readonly DescribedOperation[]>;

/** The most operations that are taken from one system. */
export const maxOperations = 2_000;

/** Names that mean the same to every reader: visible ASCII, no spaces. Others could be taken for a neighbour's. */
const operationName = /^[\x21-\x7e]{1,200}$/;

/**
 * The operations that can be called here, by name. One whose name is not plain, that is there twice, or whose definition
 * cannot be kept exactly is left out, and what is not here is denied.
 */
export function readOperations(described: readonly DescribedOperation[]): Operation[] {
  const counts = Map.groupBy(described, ({ name }) => name);
  return described
    .slice(0, maxOperations)
    .filter(({ name }) => operationName.test(name) && counts.get(name)?.length === 1)
    .flatMap((one) => {
      const digest = digestOrUndefined(one.definition);
      return digest === undefined ? [] : [operationOf(one, digest)];
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

function digestOrUndefined(definition: unknown): string | undefined {
  try {
    return definitionDigest(definition);
  } catch (thrown) {
    if (thrown instanceof ExactJsonError) return undefined;
    throw thrown;
  }
}

function operationOf(one: DescribedOperation, digest: string): Operation {
  const effect = protocolOperations[one.name]?.effect ?? classifyEffect(one.name, one.annotations);
  return {
    name: one.name,
    title: plainTitle(one.title ?? one.name),
    effect,
    effectBy: 'heuristic',
    definitionDigest: digest,
    flow: classifyFlow(one, effect),
  };
}

/** What people are shown: no control, invisible or direction-changing characters, at most 300. */
function plainTitle(title: string): string {
  return title
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, 300)
    .toWellFormed();
}

/** What was read again against what was known: a changed or new definition waits until a person has looked at it. */
export type Comparison = {
  readonly operations: Operation[];
  readonly added: number;
  readonly changed: number;
  readonly gone: number;
  /** How many are the same, and have now been read for what comes back from them. */
  readonly read: number;
};

/**
 * Keeps what is known of operations whose definition is the same. One that is new or has changed cannot be called until a
 * person has said what it does, whatever its server says of it, so that nothing slips in by being changed, or by going away
 * and coming back.
 */
export function compareOperations(before: readonly Operation[], now: readonly Operation[]): Comparison {
  const known = new Map(before.map((one) => [one.name, one]));
  const names = new Set(now.map(({ name }) => name));
  let added = 0;
  let changed = 0;
  let read = 0;
  const operations = now.map((one): Operation => {
    const old = known.get(one.name);
    if (old?.definitionDigest === one.definitionDigest) {
      if (old.flow !== undefined || one.flow === undefined) return old;
      read += 1;
      return { ...old, flow: one.flow };
    }
    if (old === undefined) added += 1;
    else changed += 1;
    return { ...one, effect: 'unknown', effectBy: 'nobody' };
  });
  return { operations, added, changed, gone: before.filter(({ name }) => !names.has(name)).length, read };
}
