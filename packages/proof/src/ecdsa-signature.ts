/** One coordinate of a P-256 signature, in bytes. */
const width = 32;

/**
 * R‖S (RFC 7518 §3.4: exactly 64 bytes) as DER, which `node:crypto` verifies without a detour. Undefined when the length
 * is wrong or r or s is zero; that both are below the group order is checked where the curve is.
 */
export function derFromRaw(raw: Uint8Array): Buffer | undefined {
  if (raw.length !== 2 * width) return undefined;
  const rStart = firstNonZero(raw, 0, width);
  const sStart = firstNonZero(raw, width, 2 * width);
  if (rStart === width || sStart === 2 * width) return undefined;
  const rLength = width - rStart + signByte(raw, rStart);
  const sLength = 2 * width - sStart + signByte(raw, sStart);
  const der = Buffer.allocUnsafe(6 + rLength + sLength);
  der[0] = 0x30;
  der[1] = 4 + rLength + sLength;
  const next = putInteger(der, 2, { raw, from: rStart, to: width, length: rLength });
  putInteger(der, next, { raw, from: sStart, to: 2 * width, length: sLength });
  return der;
}

type Integer = { readonly raw: Uint8Array; readonly from: number; readonly to: number; readonly length: number };

/** Writes a DER integer of `length` bytes at `start`, zeros in front; where the next one begins. */
function putInteger(der: Uint8Array, start: number, { raw, from, to, length }: Integer): number {
  der[start] = 0x02;
  der[start + 1] = length;
  let at = start + 2;
  if (length > to - from) der[at++] = 0;
  for (let next = from; next < to; next++) der[at++] = raw[next] ?? 0;
  return at;
}

/** DER as `node:crypto` signs it, as R‖S of 64 bytes. Throws on anything that is not a P-256 signature. */
export function rawFromDer(der: Uint8Array): Buffer {
  const raw = Buffer.alloc(2 * width);
  if (der[0] !== 0x30 || der[1] !== der.length - 2) throw new RangeError('The signature is not DER.');
  const next = copyInteger(der, 2, raw, width);
  if (copyInteger(der, next, raw, 2 * width) !== der.length) throw new RangeError('The signature is not DER.');
  return raw;
}

/** Copies the DER integer at `at` so that it ends at `targetEnd`, zeros in front of it; where the next one begins. */
function copyInteger(der: Uint8Array, at: number, target: Uint8Array, targetEnd: number): number {
  const end = at + 2 + (der[at + 1] ?? 0);
  const start = firstNonZero(der, at + 2, end);
  if (der[at] !== 0x02 || end > der.length || end - start > width) throw new RangeError('The signature is not DER.');
  for (let from = start; from < end; from++) target[targetEnd - end + from] = der[from] ?? 0;
  return end;
}

function firstNonZero(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] === 0) at++;
  return at;
}

/** 1 when a leading zero is needed to keep the integer positive, else 0. */
function signByte(bytes: Uint8Array, at: number): 0 | 1 {
  return (bytes[at] ?? 0) >= 0x80 ? 1 : 0;
}
