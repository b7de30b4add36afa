import type { Decision } from '@surety/contract/decision';
import { type ExactRecord, isExactList } from '@surety/contract/exact-json';

/** One thing that a PEP must do when it lets a call through; if it cannot, it must not let it through (obligations profile). */
export type AccessObligation = {
  readonly id: string;
  readonly type: string;
  readonly properties: { readonly [name: string]: unknown };
};

/**
 * Types of our own beside those of the profile: fields to mask in the result, members to clamp in the arguments, a record to
 * keep.
 */
export const obligationTypes = {
  mask: 'urn:surety:obligation:mask',
  clamp: 'urn:surety:obligation:clamp',
  record: 'urn:surety:obligation:record',
  notify: 'notification',
} as const;

/** What a permit obliges to, in the words of the profile. `answerable`: the person who is to be told. */
export function obligationsOf({ obligations }: Decision, answerable: string): readonly AccessObligation[] {
  if (obligations === undefined) return [];
  const { mask, clamp, notify, record } = obligations;
  const all = [
    ...(mask.length === 0 ? [] : [{ type: obligationTypes.mask, properties: { pointers: mask } }]),
    ...(Object.keys(clamp).length === 0 ? [] : [{ type: obligationTypes.clamp, properties: clamp }]),
    ...(record ? [{ type: obligationTypes.record, properties: {} }] : []),
    ...notify.map((body) => ({ type: obligationTypes.notify, properties: { to: answerable, body, topic: 'call' } })),
  ];
  return all.map((one, at) => ({ id: `o${at + 1}`, ...one }));
}

/**
 * Whether the PEP has said what it can do, and this is not all among it: then the answer is a no. A PEP that has said nothing
 * is told, and denies by itself what it cannot do.
 */
export function cannotFulfil({ supported_obligations: said }: ExactRecord, needed: readonly AccessObligation[]): boolean {
  return isExactList(said) && needed.some(({ type }) => !said.includes(type));
}
