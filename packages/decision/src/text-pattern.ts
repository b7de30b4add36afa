/** A pattern that was read: whether it matches a text as a whole, in time proportional to the length of the text. */
export type TextMatcher = { readonly matches: (text: string) => boolean };

/** More places than this in one pattern, counts written out, are refused. */
const maxStates = 1_000;

/** A longer text matches nothing: an argument that is held to a pattern is a code, a name or an address. */
const maxCharacters = 10_000;

/**
 * Reads a pattern of the contract (`TextPattern`): characters, `.`, classes `[a-z]` and `[^…]`, `\d`, `\w`, `\s`, groups `(…)`
 * and `(?:…)`, `|`, and the counts `*`, `+`, `?`, `{2}`, `{2,}`, `{2,5}`. It always matches the whole text, so `^` at its start
 * and `$` at its end change nothing. Undefined for anything else: look-around, references, lazy counts, flags. All places where
 * the text may be are followed at once, so no text takes longer than another of its length.
 */
export function readTextPattern(pattern: string): TextMatcher | undefined {
  const parser = new Parser([...pattern.replace(/^\^/, '').replace(/(?<!\\)\$$/, '')]);
  try {
    const whole = parser.choice();
    if (!parser.isDone()) return undefined;
    const states: State[] = [];
    const start = build(whole, states, add(states, { kind: 'end' }));
    return { matches: (text) => text.length <= maxCharacters && run(states, start, text) };
  } catch (thrown) {
    if (thrown instanceof PatternRefused) return undefined;
    throw thrown;
  }
}

class PatternRefused extends Error {}

type Test = (character: string) => boolean;

type Node =
  | { readonly kind: 'one'; readonly test: Test }
  | { readonly kind: 'all'; readonly nodes: readonly Node[] }
  | { readonly kind: 'any'; readonly nodes: readonly Node[] }
  | { readonly kind: 'times'; readonly node: Node; readonly least: number; readonly most: number };

type State =
  | { readonly kind: 'end' }
  | { readonly kind: 'one'; readonly test: Test; readonly next: number }
  | { readonly kind: 'split'; readonly next: number[] };

const classes: Readonly<Record<string, Test>> = {
  d: (one) => /^[0-9]$/.test(one),
  w: (one) => /^[0-9A-Za-z_]$/.test(one),
  s: (one) => /^\s$/.test(one),
  D: (one) => !/^[0-9]$/.test(one),
  W: (one) => !/^[0-9A-Za-z_]$/.test(one),
  S: (one) => !/^\s$/.test(one),
};

class Parser {
  readonly #characters: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(characters: readonly string[]) {
    this.#characters = characters;
  }

  isDone(): boolean {
    return this.#at >= this.#characters.length;
  }

  choice(): Node {
    const nodes = [this.#sequence()];
    while (this.#take('|')) nodes.push(this.#sequence());
    const [only] = nodes;
    return nodes.length === 1 && only !== undefined ? only : { kind: 'any', nodes };
  }

  #sequence(): Node {
    const nodes: Node[] = [];
    while (!this.isDone() && this.#peek() !== '|' && this.#peek() !== ')') nodes.push(this.#counted());
    return { kind: 'all', nodes };
  }

  #counted(): Node {
    const node = this.#atom();
    const count = this.#count();
    if (count === undefined) return node;
    if (['?', '+', '*', '{'].includes(this.#peek() ?? '')) throw new PatternRefused();
    return { kind: 'times', node, ...count };
  }

  #count(): { least: number; most: number } | undefined {
    if (this.#take('*')) return { least: 0, most: Infinity };
    if (this.#take('+')) return { least: 1, most: Infinity };
    if (this.#take('?')) return { least: 0, most: 1 };
    if (this.#peek() !== '{') return undefined;
    const [found, least = '', comma, most] =
      /^\{(\d{1,3})(,)?(\d{1,3})?\}/.exec(this.#characters.slice(this.#at, this.#at + 10).join('')) ?? [];
    if (found === undefined || (most !== undefined && (comma === undefined || Number(most) < Number(least))))
      throw new PatternRefused();
    this.#at += found.length;
    return { least: Number(least), most: comma === undefined ? Number(least) : most === undefined ? Infinity : Number(most) };
  }

  #atom(): Node {
    const one = this.#next();
    if (one === '(') return this.#group();
    if (one === '[') return { kind: 'one', test: this.#class() };
    if (one === '.') return { kind: 'one', test: () => true };
    if (one === '\\') return { kind: 'one', test: this.#escaped() };
    if ('*+?{}])^$'.includes(one)) throw new PatternRefused();
    return { kind: 'one', test: (found) => found === one };
  }

  #group(): Node {
    if (++this.#depth > 20) throw new PatternRefused();
    if (this.#take('?') && !this.#take(':')) throw new PatternRefused();
    const node = this.choice();
    if (!this.#take(')')) throw new PatternRefused();
    this.#depth--;
    return node;
  }

  #class(): Test {
    const isNot = this.#take('^');
    const tests: Test[] = [];
    while (!this.#take(']')) {
      const first = this.#next();
      if (first === '\\' && classes[this.#peek() ?? ''] !== undefined) {
        tests.push(this.#escaped());
        continue;
      }
      const from = first === '\\' ? this.#literal() : first;
      if (this.#peek() !== '-' || this.#characters[this.#at + 1] === ']') {
        tests.push((found) => found === from);
        continue;
      }
      this.#at++;
      const second = this.#next();
      const until = second === '\\' ? this.#literal() : second;
      const [low = 0, high = 0] = [from.codePointAt(0), until.codePointAt(0)];
      if (high < low) throw new PatternRefused();
      tests.push((found) => (found.codePointAt(0) ?? -1) >= low && (found.codePointAt(0) ?? -1) <= high);
    }
    if (tests.length === 0) throw new PatternRefused();
    return (found) => tests.some((test) => test(found)) !== isNot;
  }

  #escaped(): Test {
    const known = classes[this.#peek() ?? ''];
    if (known !== undefined) {
      this.#at++;
      return known;
    }
    const one = this.#literal();
    return (found) => found === one;
  }

  /** What follows a backslash and stands for itself: never a letter or digit, which have meanings elsewhere. */
  #literal(): string {
    const one = this.#next();
    if (/[0-9A-Za-z]/.test(one)) throw new PatternRefused();
    return one;
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #next(): string {
    const one = this.#characters[this.#at++];
    if (one === undefined) throw new PatternRefused();
    return one;
  }

  #take(one: string): boolean {
    if (this.#peek() !== one) return false;
    this.#at++;
    return true;
  }
}

function add(states: State[], state: State): number {
  if (states.length >= maxStates) throw new PatternRefused();
  return states.push(state) - 1;
}

/** Builds a node in front of the state that follows it, and gives the state that it begins at. */
function build(node: Node, states: State[], next: number): number {
  switch (node.kind) {
    case 'one':
      return add(states, { kind: 'one', test: node.test, next });
    case 'all':
      return node.nodes.reduceRight((after, one) => build(one, states, after), next);
    case 'any':
      return add(states, { kind: 'split', next: node.nodes.map((one) => build(one, states, next)) });
    case 'times':
      return buildTimes(node, states, next);
  }
}

function buildTimes({ node, least, most }: Extract<Node, { kind: 'times' }>, states: State[], next: number): number {
  let start = next;
  if (most === Infinity) {
    const again: number[] = [next];
    start = add(states, { kind: 'split', next: again });
    again.push(build(node, states, start));
  } else {
    for (let left = most - least; left > 0; left--)
      start = add(states, { kind: 'split', next: [next, build(node, states, start)] });
  }
  for (let left = least; left > 0; left--) start = build(node, states, start);
  return start;
}

function run(states: readonly State[], start: number, text: string): boolean {
  let places = follow(states, [start]);
  for (const character of text) {
    const stepped: number[] = [];
    for (const place of places) {
      const state = states[place];
      if (state?.kind === 'one' && state.test(character)) stepped.push(state.next);
    }
    if (stepped.length === 0) return false;
    places = follow(states, stepped);
  }
  return [...places].some((place) => states[place]?.kind === 'end');
}

/** Everywhere that can be reached without a character. */
function follow(states: readonly State[], from: readonly number[]): Set<number> {
  const found = new Set<number>();
  const open = [...from];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    if (found.has(place)) continue;
    found.add(place);
    const state = states[place];
    if (state?.kind === 'split') open.push(...state.next);
  }
  return found;
}
