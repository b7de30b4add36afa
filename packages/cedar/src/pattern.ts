/** One piece of the pattern of `like`. */
export type PatternPiece = { readonly literal: string } | 'wildcard';

/**
 * Whether a text is of a pattern, compiled. A wildcard is any number of characters. Each piece between wildcards is taken
 * at the first place it stands at: never more than one pass, whatever the pattern and the text.
 */
export function compilePattern(pieces: readonly PatternPiece[]): (text: string) => boolean {
  const literals = [''];
  for (const piece of pieces) {
    if (piece === 'wildcard') literals.push('');
    else literals.push((literals.pop() ?? '') + piece.literal);
  }
  const [first = '', ...rest] = literals;
  const last = rest.pop();
  if (last === undefined) return (text) => text === first;
  const between = rest.filter((literal) => literal !== '');
  const least = first.length + last.length;
  return (text) => {
    if (text.length < least || !text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let from = first.length;
    for (const literal of between) {
      const at = text.indexOf(literal, from);
      if (at === -1 || at + literal.length > end) return false;
      from = at + literal.length;
    }
    return true;
  };
}
