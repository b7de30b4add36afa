/** What must not stand as it is in a literal or in a sentence: control, format, private and unassigned characters, odd spaces. */
const unseen = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

/**
 * A text as a Cedar string literal, quotes included; right of `like` the same literal is a pattern in which `*` stands for
 * any characters and everything else, a backslash too, for itself. Characters that cannot be seen are written as `\u{…}`,
 * so that a literal never reads as something it is not. The text must be well formed.
 */
export function cedarLiteral(text: string): string {
  let escaped = '';
  for (const character of text) {
    if (character === '"' || character === '\\') escaped += `\\${character}`;
    else if (unseen.test(character)) escaped += `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
    else escaped += character;
  }
  return `"${escaped}"`;
}

/** Whether a text holds anything that a reader cannot see, or would take for something else. */
export function holdsUnseen(text: string): boolean {
  return unseen.test(text);
}

/** How many expressions stand side by side before they are put in brackets. */
const sideBySide = 8;

/**
 * Expressions joined by `&&` or `||`, in brackets of a few each, so that however many there are the engine's stack does not
 * grow with them: Cedar nests `a && b && c` as deep as it is long.
 */
export function cedarJoin(expressions: readonly string[], joint: '&&' | '||', separator = ' '): string {
  if (expressions.length <= sideBySide) return expressions.join(` ${joint}${separator}`);
  const perGroup = sideBySide ** Math.ceil(Math.log(expressions.length) / Math.log(sideBySide) - 1);
  const groups = Array.from({ length: Math.ceil(expressions.length / perGroup) }, (_, at) =>
    expressions.slice(at * perGroup, (at + 1) * perGroup),
  );
  return cedarJoin(
    groups.map((group) => (group.length === 1 ? group.join('') : `(${cedarJoin(group, joint)})`)),
    joint,
    separator,
  );
}

/**
 * Whether a text fits a pattern in which `*` stands for any characters, by Unicode code points as Cedar's `like` does.
 * Takes time in proportion to the two lengths multiplied at worst, never more.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  const wanted = [...pattern];
  const given = [...text];
  let inPattern = 0;
  let inText = 0;
  let lastStar = -1;
  let resumeAt = 0;
  while (inText < given.length) {
    if (wanted[inPattern] === '*') {
      lastStar = inPattern++;
      resumeAt = inText;
    } else if (wanted[inPattern] === given[inText]) {
      inPattern++;
      inText++;
    } else if (lastStar >= 0) {
      inPattern = lastStar + 1;
      inText = ++resumeAt;
    } else return false;
  }
  while (wanted[inPattern] === '*') inPattern++;
  return inPattern === wanted.length;
}
