/** A piece of TypeScript. `text` of a string is what stands between the quotes; a template is one piece per stretch of text. */
export type Token = {
  readonly kind: 'word' | 'string' | 'template' | 'regex' | 'comment' | 'sign';
  readonly text: string;
  readonly line: number;
};

/** Words after which a slash begins a regular expression. */
const beforeRegex = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'do',
  'else',
  'void',
  'throw',
  'new',
  'delete',
  'await',
  'yield',
]);

const word = /[\p{ID_Start}$_#][\p{ID_Continue}$]*/uy;
const number = /\d[\w.]*/y;
const string = /'((?:[^'\\\n]|\\[\s\S])*)'|"((?:[^"\\\n]|\\[\s\S])*)"/y;
const comment = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const regex = /\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y;
const template = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y;

/**
 * Cuts TypeScript into pieces, enough to find imports, names and comments without mistaking a string for code. It is no
 * parser: it knows no grammar beyond where a string, template, comment or regular expression begins and ends.
 */
export function scanSource(source: string): Token[] {
  const tokens: Token[] = [];
  /** For each template we are inside of: how many braces of its `${` are open. */
  const templates: number[] = [];
  let at = 0;
  let line = 1;

  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source) ?? undefined;
  };
  const push = (kind: Token['kind'], text: string, length: number): void => {
    tokens.push({ kind, text, line });
    for (const character of source.slice(at, at + length)) if (character === '\n') line += 1;
    at += length;
  };
  const readTemplate = (): void => {
    const found = take(template)?.[0] ?? '';
    push('template', found, found.length);
    if (source[at] === '`') at += 1;
    else if (source[at] === '$') {
      at += 2;
      templates.push(0);
    }
  };
  const readBrace = (brace: '{' | '}'): void => {
    const depth = templates.at(-1);
    if (brace === '}' && depth === 0) {
      templates.pop();
      at += 1;
      return readTemplate();
    }
    if (depth !== undefined) templates[templates.length - 1] = depth + (brace === '{' ? 1 : -1);
    return push('sign', brace, 1);
  };
  const readSlash = (): void => {
    const remark = take(comment);
    if (remark) return push('comment', remark[0], remark[0].length);
    const pattern = mayBeRegex(tokens) ? take(regex) : undefined;
    return pattern ? push('regex', pattern[0], pattern[0].length) : push('sign', '/', 1);
  };

  while (at < source.length) {
    const character = source.charAt(at);
    if (character === '\n') line += 1;
    if (/\s/.test(character)) at += 1;
    else if (character === '/') readSlash();
    else if (character === '`') {
      at += 1;
      readTemplate();
    } else if (character === '{' || character === '}') readBrace(character);
    else {
      const quoted = take(string);
      const found = take(word) ?? take(number);
      if (quoted) push('string', quoted[1] ?? quoted[2] ?? '', quoted[0].length);
      else if (found) push('word', found[0], found[0].length);
      else push('sign', character, 1);
    }
  }
  return tokens;
}

function mayBeRegex(tokens: readonly Token[]): boolean {
  const last = tokens.findLast((token) => token.kind !== 'comment');
  if (last === undefined) return true;
  if (last.kind === 'word') return beforeRegex.has(last.text);
  return last.kind === 'sign' && !')]}'.includes(last.text);
}

export type Import = { readonly specifier: string; readonly line: number };

/**
 * Every module a file names: static, type-only and dynamic imports, re-exports, and `new URL('./worker.ts', import.meta.url)`.
 * A dynamic import whose address is computed is not seen.
 */
export function importsOf(tokens: readonly Token[]): Import[] {
  const code = tokens.filter((token) => token.kind !== 'comment');
  return code.flatMap((token, index) => {
    if (token.kind !== 'word' || code[index - 1]?.text === '.') return [];
    const found = token.text === 'URL' ? moduleUrl(code, index) : importedAt(code, index);
    return found === undefined ? [] : [{ specifier: found.text, line: found.line }];
  });
}

function importedAt(code: readonly Token[], index: number): Token | undefined {
  const keyword = code[index]?.text;
  const next = code[index + 1];
  if (next === undefined) return undefined;
  if (keyword === 'export') return isReExport(next, code[index + 2]) ? specifierAfterFrom(code, index + 1) : undefined;
  if (keyword !== 'import') return undefined;
  if (next.kind === 'string') return next;
  if (next.text === '(') return code[index + 2]?.kind === 'string' ? code[index + 2] : undefined;
  return next.kind === 'word' || '{*'.includes(next.text) ? specifierAfterFrom(code, index + 1) : undefined;
}

function isReExport(first: Token, second: Token | undefined): boolean {
  return '{*'.includes(first.text) || (first.text === 'type' && '{*'.includes(second?.text ?? '-'));
}

/** Looks past names and braces for `from '…'`; anything else ends the search. */
function specifierAfterFrom(code: readonly Token[], start: number): Token | undefined {
  for (let index = start; index < code.length; index += 1) {
    const token = code[index];
    const next = code[index + 1];
    if (token === undefined) return undefined;
    if (token.text === 'from' && token.kind === 'word' && next?.kind === 'string') return next;
    if (token.kind !== 'word' && token.kind !== 'string' && !'{},*'.includes(token.text)) return undefined;
    if (token.text === '}' && next?.text !== 'from') return undefined;
  }
  return undefined;
}

function moduleUrl(code: readonly Token[], index: number): Token | undefined {
  const [open, address, comma, base] = code.slice(index + 1, index + 5);
  const isModule = open?.text === '(' && comma?.text === ',' && base?.text === 'import' && address?.kind === 'string';
  return isModule && /^\.{1,2}\/.*\.ts$/.test(address.text) ? address : undefined;
}

export type DeclaredName = { readonly name: string; readonly line: number };

/** Names that a file declares for functions, classes and types, and every name it exports. */
export function declaredNames(tokens: readonly Token[]): DeclaredName[] {
  const code = tokens.filter((token) => token.kind !== 'comment');
  return code.flatMap((token, index) => {
    const name = code[index + 1];
    if (token.kind !== 'word' || name?.kind !== 'word' || code[index - 1]?.text === '.') return [];
    const after = code[index + 2]?.text ?? '';
    const declares =
      ['function', 'class', 'interface', 'enum'].includes(token.text) ||
      (token.text === 'type' && ['=', '<'].includes(after)) ||
      (['const', 'let'].includes(token.text) && (code[index - 1]?.text === 'export' || isArrow(code, index + 2)));
    return declares ? [{ name: name.text, line: name.line }] : [];
  });
}

/** `const name = (…) =>` or `= async (…) =>`, at `=`. */
function isArrow(code: readonly Token[], start: number): boolean {
  if (code[start]?.text !== '=') return false;
  const open = code[start + 1]?.text === 'async' ? start + 2 : start + 1;
  if (code[open]?.text !== '(') return false;
  return [':', '='].includes(code[closingParenthesis(code, open) + 1]?.text ?? '');
}

function closingParenthesis(code: readonly Token[], open: number): number {
  let depth = 0;
  for (let index = open; index < code.length; index += 1) {
    const token = code[index];
    if (token?.kind !== 'sign') continue;
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth -= 1;
    if (depth === 0) return index;
  }
  return code.length;
}

/** Lines on which a file passes on everything of another: `export * from …`. */
export function starExports(tokens: readonly Token[]): number[] {
  const code = tokens.filter((token) => token.kind !== 'comment');
  return code.flatMap((token, index) => {
    const star = code[index + 1]?.text === 'type' ? code[index + 2] : code[index + 1];
    return token.kind === 'word' && token.text === 'export' && star?.kind === 'sign' && star.text === '*' ? [token.line] : [];
  });
}
