import { EvaluationError } from './evaluation-error.ts';

/** Whether a whole number is within a signed 64-bit integer. */
export function isLong(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

/** The result of an operation on Longs; EvaluationError when it does not fit into 64 bits. */
export function checkedLong(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw new EvaluationError('integer overflow');
  return value;
}
