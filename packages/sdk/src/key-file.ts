import { readFile, stat } from 'node:fs/promises';
import { createPrivateJwk, importSigningKey, type SigningKey } from './agent-key.ts';
import { localError } from './surety-error.ts';
import { writeWhole } from './write-whole.ts';

/**
 * The key in a file, read into custody. Refuses a file that others can read (as ssh does): a key that may have been
 * copied is nobody's. Throws `local.key_file_refused`.
 */
export async function loadKey(path: string): Promise<SigningKey> {
  const { mode } = await stat(path).catch((cause: unknown) => {
    throw localError('local.key_file_refused', [`${path} cannot be opened.`], cause);
  });
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw localError('local.key_file_refused', [`${path} can be read by others.`]);
  try {
    return await importSigningKey(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    throw localError('local.key_file_refused', [`${path} holds no private EC P-256 key (JWK).`]);
  }
}

/**
 * Makes a key and the file for it, readable by its owner only (0600, in a folder 0700). Never overwrites: two that
 * start at once cannot end with each other's key. Throws `local.key_file_refused` when the file is there already.
 */
export async function createKey(path: string): Promise<SigningKey> {
  const jwk = await createPrivateJwk();
  await writeWhole(path, `${JSON.stringify(jwk)}\n`, { overwrite: false }).catch((cause: unknown) => {
    throw localError('local.key_file_refused', [`${path} cannot be made, or is there already.`], cause);
  });
  return importSigningKey(jwk);
}
