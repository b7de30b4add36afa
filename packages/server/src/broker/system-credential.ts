import type { SystemCredential } from '@surety/contract/enforcement';
import { CredentialPlace } from '@surety/contract/system';
import * as z from 'zod';
import type { Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { findSealedCredential, saveSealedCredential } from './system-credential-store.ts';

/** Seals and opens bytes for one place (`#keys/seal`): what is sealed for another place does not open. */
export type CredentialSealer = {
  seal(place: string, plain: string | Uint8Array): Buffer;
  open(place: string, sealed: Uint8Array): Buffer;
};

/** What is sealed: the place goes in with the value, so that the value cannot be sent anywhere else. */
const Sealed = z.strictObject({ place: CredentialPlace, value: z.string() });

/** Members of the environment that decide what a program loads and runs. */
const refusedVariables = /^(PATH|HOME|SHELL|IFS|ENV|BASH_ENV|NODE_OPTIONS|NODE_PATH|PYTHONPATH|PYTHONSTARTUP|LD_.*|DYLD_.*)$/;

/** Header fields that belong to the connection or the protocol, not to a credential. */
const refusedHeaders =
  /^(host|connection|content-.*|transfer-encoding|te|trailer|upgrade|keep-alive|proxy-.*|expect|accept.*|mcp-.*|dpop|cookie2)$/i;

/**
 * Stores a system's own credential, sealed, in place of the one before. Fault `request.malformed` for a place that would
 * change what is run or how the connection is read, and for a value that does not fit on one line.
 */
export async function putSystemCredential(
  tx: Tx,
  sealer: CredentialSealer,
  system: string,
  credential: { readonly place: CredentialPlace; readonly value: string },
): Promise<void> {
  checkCredential(credential);
  const revision = ((await findSealedCredential(tx, system))?.revision ?? 0) + 1;
  const sealed = sealer.seal(placeOf(system, revision), JSON.stringify(credential));
  await saveSealedCredential(tx, { system, place: credential.place, sealed, revision });
}

/** A line break or control character in a value would end the header or variable early, and begin another. */
export function checkCredential({ place, value }: { readonly place: CredentialPlace; readonly value: string }): void {
  const refused = place.kind === 'header' ? refusedHeaders : refusedVariables;
  if (refused.test(place.name)) refuse('/credential/place/name', 'a credential does not go here');
  if (!/^[\x20-\x7e]+$/.test(value)) refuse('/credential/value', 'printable ASCII on one line');
}

function refuse(path: string, message: string): never {
  throw new Fault('request.malformed', undefined, { issues: [{ path, message }] });
}

/**
 * Opens a system's own credential, for the moment of a call. Undefined when it has none. Fault `internal` when what is
 * stored was not sealed for this system, place and revision with this key: then no call goes out.
 */
export async function openSystemCredential(
  tx: Tx,
  sealer: CredentialSealer,
  system: string,
): Promise<SystemCredential | undefined> {
  const stored = await findSealedCredential(tx, system);
  if (stored === undefined) return undefined;
  const { place, value } = open(sealer, placeOf(system, stored.revision), stored.sealed);
  if (place.kind !== stored.place.kind || place.name !== stored.place.name) {
    throw new Fault('internal', `the credential of ${system} was sealed for another place`);
  }
  return { place, reveal: () => value };
}

function open(sealer: CredentialSealer, place: string, sealed: Buffer): z.infer<typeof Sealed> {
  try {
    return Sealed.parse(JSON.parse(sealer.open(place, sealed).toString('utf8')));
  } catch {
    throw new Fault('internal', `${place} does not open: moved, changed, or sealed with another key`);
  }
}

/** The associated data of the seal (AES-GCM): a ciphertext of another system or revision does not open. */
function placeOf(system: string, revision: number): string {
  return `system_credential|${system}|${revision}`;
}
