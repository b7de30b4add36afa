import type { MandateDocument } from '@surety/contract/mandate';
import { compileMandate } from '@surety/decision/compile-mandate';
import { mandateSentences } from '@surety/decision/mandate-sentences';
import { Fault } from '#kernel/fault';
import { mandateDigest } from './mandate-digest.ts';

export type ReadMandate = {
  /** What the person who gives it signs. */
  readonly digest: string;
  readonly sentences: string[];
  readonly policies: { id: string; text: string }[];
};

/** The id in the names of the policies of a document that nobody has given yet. */
const notGiven = 'not-given';

/** What a mandate document means: in words, as Cedar, and the digest to sign. Changes nothing. Fault `mandate.invalid`. */
export function readMandate({ document }: { readonly document: MandateDocument }): ReadMandate {
  const digest = mandateDigest(document);
  const compiled = compileMandate({ id: notGiven, document });
  if (!compiled.ok) {
    throw new Fault('mandate.invalid', undefined, {
      issues: compiled.issues.map(({ path, message }) => ({ path: `/document${path}`, message })),
    });
  }
  const { permits, holds, passing } = compiled.mandate;
  return {
    digest,
    sentences: mandateSentences(document),
    policies: [...permits, ...holds, ...passing.permits, ...passing.holds].map(({ id, text }) => ({ id, text })),
  };
}
