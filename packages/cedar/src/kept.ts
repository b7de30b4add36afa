/** How many parts of a kind are kept for the next policy, and the longest form, in characters, that one is kept under. */
const most = 2_000;
const longest = 2_000;

/**
 * Parts of policies of one kind that were compiled last, by the JSON they were compiled from. Policies that are written alike, as
 * those of many agents are, then share them, and what is shared stays near to the processor. A part that is forgotten here is
 * compiled again for the next policy; who has it keeps it.
 */
export class Kept<Part> {
  private readonly parts = new Map<string, Part>();

  /** What was made of the same JSON before, or what `make` makes of it now. What it throws is not kept. */
  take(json: unknown, make: () => Part): Part {
    const form = formOf(json);
    if (form === undefined) return make();
    const part = this.parts.get(form) ?? make();
    this.parts.delete(form);
    this.parts.set(form, part);
    if (this.parts.size > most) this.forgetOldest();
    return part;
  }

  private forgetOldest(): void {
    for (const form of this.parts.keys()) {
      this.parts.delete(form);
      return;
    }
  }
}

/** Deeper than conditions are written by hand; what is deeper is not followed. */
const deepest = 100;

/** A text that is the same for the same JSON and no other; undefined where it would not tell JSON apart, and for what is long. */
function formOf(json: unknown): string | undefined {
  if (!isPlain(json, 0)) return undefined;
  const form = JSON.stringify(json);
  return form.length <= longest ? form : undefined;
}

function isPlain(json: unknown, depth: number): boolean {
  if (typeof json === 'string' || typeof json === 'boolean') return true;
  if (typeof json === 'number') return Number.isSafeInteger(json);
  if (typeof json !== 'object' || json === null || depth > deepest) return false;
  return Object.values(json).every((member) => isPlain(member, depth + 1));
}
