/**
 * Why the sequencer refuses to sign, in words for whoever runs the house. Nothing is signed any more until somebody has
 * looked: a second signed history cannot be taken back.
 */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
}
