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
  const der = Buffer.alloc(6 + rLength + sLength);
  der[0] = 0x30;
  der[1] = 4 + rLength + sLength;
  der[2] = 0x02;
  der[3] = rLength;
  der.set(raw.subarray(rStart, width), 4 + signByte(raw, rStart));
  der[4 + rLength] = 0x02;
  der[5 + rLength] = sLength;
  der.set(raw.subarray(sStart, 2 * width), 6 + rLength + signByte(raw, sStart));
  return der;
}

/** DER as `node:crypto` signs it, as R‖S of 64 bytes. Throws on anything that is not a P-256 signature. */
export function rawFromDer(der: Uint8Array): Buffer {
  const raw = Buffer.alloc(2 * width);
  if (der[0] !== 0x30 || der[1] !== der.length - 2) throw new RangeError('The signature is not DER.');
  const next = copyInteger(der, 2, raw.subarray(0, width));
  if (copyInteger(der, next, raw.subarray(width)) !== der.length) throw new RangeError('The signature is not DER.');
  return raw;
}

/** Copies the DER integer at `at`, right-aligned, into `target`; where the next one begins. */
function copyInteger(der: Uint8Array, at: number, target: Uint8Array): number {
  const length = der[at + 1] ?? 0;
  const end = at + 2 + length;
  const start = firstNonZero(der, at + 2, end);
  if (der[at] !== 0x02 || end > der.length || end - start > width) throw new RangeError('The signature is not DER.');
  target.set(der.subarray(start, end), width - (end - start));
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
