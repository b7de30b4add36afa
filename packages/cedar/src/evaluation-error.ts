/**
 * A policy cannot be evaluated for this request: a type that does not fit, an attribute that is not there, an overflow.
 * Cedar skips such a policy and names it. The message never holds a value of the request.
 */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
}
