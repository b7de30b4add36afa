import { createCipheriv, createDecipheriv, createSecretKey, hash, randomFillSync } from 'node:crypto';

/**
 * Envelope encryption of what the database may keep but not read: AES-256-GCM under the key-encryption key, bound to
 * the place it is kept in (`purpose|id|version` as associated data), so that a ciphertext moved to another row does
 * not open.
 */
export type Sealer = {
  seal(place: string, plain: string | Uint8Array): Buffer;
  /** Throws when the bytes were not sealed for this place with this key. */
  open(place: string, sealed: Uint8Array): Buffer;
};

const version = 1;
const nonceBytes = 12;

/** Layout: version byte, 12-byte nonce, ciphertext, 16-byte tag. */
export function createSealer(key: Uint8Array): Sealer {
  if (key.length !== 32) throw new Error('the key-encryption key must have 32 bytes');
  const secret = createSecretKey(key); // imported once: raw bytes would be imported for every seal
  const takeNonce = nonceSource();
  return {
    seal(place, plain) {
      const nonce = takeNonce();
      const cipher = createCipheriv('aes-256-gcm', secret, nonce, { authTagLength: 16 });
      cipher.setAAD(Buffer.from(place));
      const body = Buffer.concat([cipher.update(plain as Buffer), cipher.final()]);
      return Buffer.concat([Uint8Array.of(version), nonce, body, cipher.getAuthTag()]);
    },
    open(place, sealed) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      if (bytes.length < 29 || bytes[0] !== version) throw new Error(`what is sealed for ${place} cannot be read`);
      const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(1, 13), { authTagLength: 16 });
      decipher.setAAD(Buffer.from(place));
      decipher.setAuthTag(bytes.subarray(bytes.length - 16));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(13, bytes.length - 16)), decipher.final()]);
      } catch {
        throw new Error(`what is sealed for ${place} does not open with this key`);
      }
    },
  };
}

/** How many nonces are asked of the system at a time: asking for one costs as much as sealing with it. */
const noncesAtOnce = 256;

/** Random nonces of 96 bits, each given out once. */
function nonceSource(): () => Buffer {
  const store = Buffer.alloc(nonceBytes * noncesAtOnce);
  let at = store.length;
  return () => {
    if (at === store.length) {
      randomFillSync(store);
      at = 0;
    }
    at += nonceBytes;
    return Buffer.from(store.subarray(at - nonceBytes, at));
  };
}

/** SHA-256, base64url, of sealed bytes: what an entry says of the inputs kept beside it. */
export function sealedDigest(sealed: Uint8Array): string {
  return hash('sha256', sealed, 'base64url');
}
