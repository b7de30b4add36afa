/** C0 and C1 controls, and characters that hide or reorder text. A line break is one of them: a cell is one line. */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/**
 * Text of others as it may stand on a terminal: an escape sequence in the name of a tool must not move the cursor, colour
 * a denial green or hide a line. Every such character is written out, so that it is seen.
 */
export function safeText(text: string): string {
  return text.replaceAll(unsafe, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}

/** Whether a text holds such a character other than a line break. */
export function hasUnsafe(text: string): boolean {
  return safeLines(text) !== text;
}

/** The same for text of several lines: line breaks stay. */
export function safeLines(text: string): string {
  return text.split('\n').map(safeText).join('\n');
}

/** JSON text with the same characters escaped, which changes none of its values. */
export function safeJson(json: string): string {
  return json.replaceAll(unsafe, (character) =>
    character === '\n' ? character : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/** How many columns a text takes: wide characters two, marks none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)) {
    width += /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u.test(
      segment,
    )
      ? 2
      : 1;
  }
  return width;
}
