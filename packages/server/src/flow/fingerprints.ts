import { createSecretKey } from 'node:crypto';
import type { SalientKind, SalientValue } from '@surety/decision/flow/flow-facts';
import { fingerprint } from '@surety/decision/flow/fingerprint';
import { requestValues } from '@surety/decision/flow/salient-values';

/** The most fingerprints that are kept of what somebody said when they asked, and that go on in a token. */
export const maxAsked = 600;
export const maxAskedInToken = 100;

/** Keyed fingerprints of values: equal values are equal, and nobody without the key can tell what they were. */
export type Fingerprints = {
  of(value: SalientValue): Buffer;
  /**
   * Of everything that somebody said when they asked, in words; base64url. What says most comes first, and what is beyond `most`
   * is left out.
   */
  asked(texts: readonly string[], most?: number): readonly string[];
};

/** What is kept first of what a person said. */
const kindsInOrder: readonly SalientKind[] = [
  'iban',
  'email',
  'url',
  'host',
  'account',
  'phone',
  'id',
  'date',
  'word',
  'name',
  'text',
];

/** `bytes`: 32 of them, the same on every node, sealed where it rests. */
export function createFingerprints(bytes: Buffer): Fingerprints {
  const key = createSecretKey(bytes);
  return {
    of: (value) => fingerprint(key, value),
    asked: (texts, most = maxAsked) => {
      const values = texts.flatMap(requestValues);
      const rank = ({ kind }: SalientValue): number => kindsInOrder.indexOf(kind);
      const sorted = values.toSorted((one, other) => rank(one) - rank(other));
      return [...new Set(sorted.map((value) => fingerprint(key, value).toString('base64url')))].slice(0, most);
    },
  };
}
