/**
 * Arrays as PostgreSQL reads them in its binary format (`array_recv`): no quoting and no hexadecimal, here or there. The
 * driver sends a `Buffer` as a binary parameter, so the statement must say the type of each: `$1::text[]`.
 */
const oids = { int4: 23, int8: 20, text: 25, bytea: 17, timestamptz: 1184 } as const;

const headBytes = 20;

/** The time that PostgreSQL counts microseconds from, in milliseconds since the epoch. */
const year2000Ms = 946_684_800_000;

/** `integer[]`. */
export function integerArray(values: readonly number[]): Buffer {
  return arrayOf(oids.int4, values.length, 8 * values.length, (bytes) => {
    let at = headBytes;
    for (const value of values) at = bytes.writeInt32BE(value, bytes.writeInt32BE(4, at));
  });
}

/** `bigint[]`, of safe integers. */
export function bigintArray(values: readonly number[]): Buffer {
  return longArray(oids.int8, values, BigInt);
}

/** `timestamptz[]`, of milliseconds since the epoch. */
export function timeArray(values: readonly number[]): Buffer {
  return longArray(oids.timestamptz, values, (ms) => BigInt(Math.round(ms - year2000Ms)) * 1_000n);
}

function longArray(oid: number, values: readonly number[], toLong: (value: number) => bigint): Buffer {
  return arrayOf(oid, values.length, 12 * values.length, (bytes) => {
    let at = headBytes;
    for (const value of values) at = bytes.writeBigInt64BE(toLong(value), bytes.writeInt32BE(8, at));
  });
}

/** `text[]`. The database refuses a text that holds a NUL. */
export function textArray(values: readonly (string | null)[]): Buffer {
  let length = 4 * values.length;
  for (const value of values) length += value === null ? 0 : Buffer.byteLength(value);
  return arrayOf(oids.text, values.length, length, (bytes) => {
    let at = headBytes;
    for (const value of values) {
      const written = value === null ? 0 : bytes.write(value, at + 4);
      at = bytes.writeInt32BE(value === null ? -1 : written, at) + written;
    }
  });
}

/** `bytea[]`. */
export function byteaArray(values: readonly (Uint8Array | null)[]): Buffer {
  let length = 4 * values.length;
  for (const value of values) length += value === null ? 0 : value.length;
  return arrayOf(oids.bytea, values.length, length, (bytes) => {
    let at = headBytes;
    for (const value of values) {
      at = bytes.writeInt32BE(value === null ? -1 : value.length, at);
      if (value === null) continue;
      bytes.set(value, at);
      at += value.length;
    }
  });
}

/** One dimension from 1, or none when it is empty. */
function arrayOf(oid: number, count: number, bodyBytes: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.allocUnsafe(count === 0 ? 12 : headBytes + bodyBytes);
  bytes.writeInt32BE(count === 0 ? 0 : 1, 0);
  bytes.writeInt32BE(1, 4); // "may hold nulls": a hint that nobody relies on
  bytes.writeInt32BE(oid, 8);
  if (count === 0) return bytes;
  bytes.writeInt32BE(count, 12);
  bytes.writeInt32BE(1, 16);
  write(bytes);
  return bytes;
}
