/** What names of files end in, behind an address or a number. */
const ending = /\.[a-z0-9]{1,5}(?=\s|$)/gi;

/** Longer texts are no names of files. */
const longest = 512;

/**
 * A text as names of files are made: without an ending, and with its parts apart. `list-4402881736.txt` holds a number, `to
 * x@y.example.txt` an address. What comes of it counts only where it was met.
 */
export function takenApart(plain: string): readonly string[] {
  if (plain.length > longest) return [];
  return [plain.replace(ending, ''), plain.replace(/[-_./\\]+/g, ' ')].filter((text) => text !== plain);
}
