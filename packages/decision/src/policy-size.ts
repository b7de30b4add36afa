/** Where a policy is larger than it may be, in UTF-16 code units from the start of the text, and in what way. */
export type Oversize = { readonly at: number; readonly message: string };

/**
 * How complicated one policy may be. Far below what the engine's parser and evaluator can take on their stack: beyond
 * that the engine does not answer "too large" but breaks, and everything after is denied until the process starts again.
 */
const limits = {
  /** Brackets of any kind inside each other. */
  depth: 12,
  /** Accesses, calls and operators between two of `&&`, `||`, `if`, `then`, `else`, `when`, `unless`. */
  conjunct: 40,
  /** `&&` and `||`. */
  joints: 100,
  /** `if`. */
  choices: 10,
} as const;

const token = /\/\/[^\n]*|"(?:[^"\\]|\\[\s\S])*"?|[A-Za-z_]\w*|&&|\|\||[()[\]{};.+\-*<>=!]/g;
const boundary = new Set(['&&', '||', 'if', 'then', 'else', 'when', 'unless']);
const weighty = new Set(['.', '[', '+', '-', '*', '<', '>', '=', '!', 'in', 'has', 'like', 'is']);

/** The first place where a text of policies goes beyond the limits; undefined when it stays within. Knows no grammar. */
export function findOversize(text: string): Oversize | undefined {
  const policy = { depth: 0, conjunct: 0, joints: 0, choices: 0 };
  for (const { 0: word, index } of text.matchAll(token)) {
    if (word === ';') Object.assign(policy, { depth: 0, conjunct: 0, joints: 0, choices: 0 });
    if ('([{'.includes(word)) policy.depth += 1;
    if (')]}'.includes(word)) policy.depth = Math.max(0, policy.depth - 1);
    if (word === '&&' || word === '||') policy.joints += 1;
    if (word === 'if') policy.choices += 1;
    if (boundary.has(word)) policy.conjunct = 0;
    else if (weighty.has(word)) policy.conjunct += 1;
    const message = excessOf(policy);
    if (message !== undefined) return { at: index, message };
  }
  return undefined;
}

function excessOf({
  depth,
  conjunct,
  joints,
  choices,
}: {
  depth: number;
  conjunct: number;
  joints: number;
  choices: number;
}): string | undefined {
  if (depth > limits.depth) return `more than ${limits.depth} brackets inside each other`;
  if (conjunct > limits.conjunct) return `more than ${limits.conjunct} accesses and operators without && or || between them`;
  if (joints > limits.joints) return `more than ${limits.joints} && and || in one policy; write several policies`;
  return choices > limits.choices ? `more than ${limits.choices} ifs in one policy; write several policies` : undefined;
}
