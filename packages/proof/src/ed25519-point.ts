const prime = 2n ** 255n - 19n;

/** d of the curve −x² + y² = 1 + d·x²·y² (RFC 8032 §5.1). */
const d = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;

/** y of one point of order 8. */
const orderEight = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;

/** y of the points whose order divides 8, by which a signature could fit many messages: orders 1, 2, 4 and the two of 8. */
const smallOrderY: ReadonlySet<bigint> = new Set([0n, 1n, prime - 1n, orderEight, prime - orderEight]);

/**
 * Whether 32 bytes are the one encoding of an Ed25519 point of large order (RFC 8032 §5.1.3). Non-canonical encodings,
 * small-order points and bytes that are on no point are refused, so that every verifier of ours agrees on every
 * signature: `node:crypto` takes any 32 bytes.
 */
export function isStrongEd25519Point(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false;
  let y = 0n;
  for (let at = 31; at >= 0; at--) y = (y << 8n) | BigInt(at === 31 ? (bytes[at] ?? 0) & 0x7f : (bytes[at] ?? 0));
  return y < prime && !smallOrderY.has(y) && isOnCurve(y);
}

/** x² = (y² − 1) / (d·y² + 1) has a root; numerator times denominator is a square exactly when the quotient is. */
function isOnCurve(y: bigint): boolean {
  const square = (y * y) % prime;
  const product = ((square - 1n) * (d * square + 1n)) % prime;
  return power(product, (prime - 1n) / 2n) === 1n;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % prime) {
    if ((rest & 1n) === 1n) result = (result * square) % prime;
  }
  return result;
}
