/**
 * What an outsider calls its agent, fit to be shown: without control, bidi and invisible characters. Undefined if nothing
 * is left.
 */
export function shownName(name: string | undefined): string | undefined {
  const shown = [
    ...(name ?? '')
      .normalize('NFC')
      .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/gu, ' ')
      .trim(),
  ];
  return shown.length === 0 ? undefined : shown.slice(0, 60).join('').trim();
}

/**
 * A name to type, of where it came from and what it is called. Nothing is decided by it; the random end of the id keeps it
 * from being anybody else's.
 */
export function typedName(from: string, displayName: string, id: string): string {
  const slug = displayName
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return `${from.slice(0, 20)}-${slug.slice(0, 24)}-${id.slice(-8)}`.replaceAll(/-{2,}/g, '-');
}
