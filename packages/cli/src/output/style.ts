import type { Io } from '../io.ts';

/** The decision words of the console, and what went well or wrong in general. */
export type Mark = 'allowed' | 'denied' | 'held' | 'observed' | 'stopped' | 'warning' | 'waiting';

const marks: Readonly<Record<Mark, { readonly sign: string; readonly plain: string; readonly colour: number }>> = {
  allowed: { sign: '✓', plain: '+', colour: 32 },
  denied: { sign: '✗', plain: 'x', colour: 31 },
  held: { sign: '▲', plain: '!', colour: 33 },
  observed: { sign: '◉', plain: 'o', colour: 36 },
  stopped: { sign: '■', plain: '#', colour: 35 },
  warning: { sign: '!', plain: '!', colour: 33 },
  waiting: { sign: '…', plain: '.', colour: 33 },
};

export type ColorChoice = 'auto' | 'always' | 'never';

/**
 * How words are shown. Colour is never alone: the sign and the word say the same. `plainWords` is what a screen reader
 * is given (`SURETY_A11Y=1`): no signs, tables as lines.
 */
export type Style = {
  readonly mark: (mark: Mark, words: string) => string;
  readonly plainWords: boolean;
};

export function createStyle(io: Pick<Io, 'env' | 'isTty'>, color: ColorChoice): Style {
  const { env } = io;
  const plainWords = env['SURETY_A11Y'] === '1';
  const isDumb = env['TERM'] === 'dumb';
  const colored = color === 'always' || (color === 'auto' && io.isTty.stdout && !isDumb && (env['NO_COLOR'] ?? '') === '');
  const unicode = !isDumb && speaksUnicode(env);
  return {
    plainWords,
    mark: (mark, words) => {
      const { sign, plain, colour } = marks[mark];
      const text = plainWords ? words : `${unicode ? sign : plain} ${words}`;
      return colored ? `\u001b[${colour}m${text}\u001b[39m` : text;
    },
  };
}

/** A terminal whose locale says nothing is taken to be a modern one. */
function speaksUnicode(env: Io['env']): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '');
  return locale === undefined || /utf-?8/i.test(locale);
}
