/** A policy, value or entity hierarchy that is not Cedar, or that this package refuses to guess about. */
export class PolicyRefused extends Error {
  override readonly name = 'PolicyRefused';
}
