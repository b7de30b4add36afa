import { salientValue, wordsOf } from './normal-form.ts';

/** Stems of the words of a name, in any case that programs use: `shareWith`, `share_with`, `share-with` are share and with. */
export function stemmedWords(name: string): string[] {
  const spaced = name.replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2').replaceAll('_', ' ');
  return wordsOf(spaced).flatMap((word) => salientValue('word', word)?.value ?? []);
}
