import type { MandateDocument } from '@surety/contract/mandate';
import { checkLimits } from './counts/check-limits.ts';
import { checkPermissions, type CompiledPermissions, type CompileIssue, compilePermissions } from './compile-permissions.ts';

/**
 * A mandate as Cedar: `permits` says what may be done, `holds` (a set of its own, a match asks a person) what only with a
 * yes. Ids are `mandate:man_…/p2` for the second permission and `mandate:man_…/p2/h1` for its first hold rule. `passing` is
 * what may only be passed on, compiled in the same way: `mandate:man_…/pass2`.
 */
export type CompiledMandate = CompiledPermissions & {
  readonly id: string;
  readonly document: MandateDocument;
  /** When the document says it expires; NaN, which is never later than anything, when that cannot be read. */
  readonly expiresAtMs: number;
  readonly passing: CompiledPermissions;
};

/** What cannot be compiled, by JSON pointer into the document. */
export type MandateIssue = CompileIssue;

export type MandateCompilation =
  | { readonly ok: true; readonly mandate: CompiledMandate }
  | { readonly ok: false; readonly issues: readonly MandateIssue[] };

/** Longer than any mandate a person can read. */
const maxCharacters = 500_000;

/**
 * Compiles a document that the contract has accepted. Refuses a limit that Cedar's decimal cannot hold, a time zone that
 * is not known here, and text that is not well formed; never rounds or leaves out.
 */
export function compileMandate({
  id,
  document,
}: {
  readonly id: string;
  readonly document: MandateDocument;
}): MandateCompilation {
  const { agent, permissions, passOn = [] } = document;
  const issues = [
    ...checkPermissions(permissions, '/permissions'),
    ...checkPermissions(passOn, '/passOn'),
    ...checkLimits(document.limits ?? []),
  ];
  if (issues.length > 0) return { ok: false, issues: issues.slice(0, 20) };
  const own = compilePermissions(agent, permissions, `mandate:${id}/p`);
  const passing = compilePermissions(agent, passOn, `mandate:${id}/pass`);
  const texts = [own, passing].flatMap(({ permits, holds }) => [...permits, ...holds]);
  if (texts.reduce((sum, { text }) => sum + text.length, 0) > maxCharacters) {
    return {
      ok: false,
      issues: [{ path: '/permissions', message: 'the mandate is too long; give several agents a mandate each' }],
    };
  }
  return { ok: true, mandate: { id, document, expiresAtMs: Date.parse(document.expiresAt), ...own, passing } };
}
