import type { Mark, Style } from '@surety/cli/output/style';
import type { Told } from './demo-agent.ts';

/** Where the story is told. */
export type Stage = { readonly write: (text: string) => void; readonly style: Style };

export type Narrator = {
  /** One thing that happens. `aside` stands at the right edge. */
  readonly line: (mark: Mark | undefined, text: string, aside?: string) => void;
  /** More about it, in sentences. */
  readonly note: (text: string) => void;
  /** What can be typed in another terminal to see it there; never broken. */
  readonly command: (text: string) => void;
  /** One call and what became of it. */
  readonly told: (agent: string, what: string, about: string, told: Told) => void;
};

/** Every terminal has this many columns, and a talk is given on one of those. */
const width = 80;
const indent = 12;

const markOf: Readonly<Record<Told['said'], Mark>> = { allowed: 'allowed', denied: 'denied', held: 'held', stopped: 'stopped' };

/** Tells what happens in lines of one shape: time, sign, what, how long. */
export function narrator({ write, style }: Stage): Narrator {
  const put = (text: string) => write(`${' '.repeat(indent)}${text}\n`);
  const line: Narrator['line'] = (mark, text, aside = '') => {
    const time = new Date().toTimeString().slice(0, 8);
    const room = width - indent - aside.length;
    write(`${time}  ${signOf(style, mark)}${aside === '' ? text : text.padEnd(room) + aside}\n`);
  };
  return {
    line,
    note: (text) => fold(text, width - indent).forEach(put),
    command: put,
    told: (agent, what, about, { said, ms }) => {
      line(markOf[said], `${agent.padEnd(13)}${what.padEnd(21)}${about}`, `${ms.toFixed(0)} ms`.padStart(8));
    },
  };
}

/** The sign in its colour, or the word for a screen reader. */
function signOf(style: Style, mark: Mark | undefined): string {
  if (mark === undefined) return '  ';
  return style.plainWords ? `${mark}: ` : style.mark(mark, '');
}

/** Breaks a text at spaces into parts of at most `most` characters where it can. */
export function fold(text: string, most: number): string[] {
  const parts: string[] = [];
  let part = '';
  for (const word of text.split(/\s+/)) {
    if (part !== '' && part.length + word.length + 1 > most) {
      parts.push(part);
      part = word;
    } else {
      part = part === '' ? word : `${part} ${word}`;
    }
  }
  return part === '' ? parts : [...parts, part];
}
