import { type FaultCode, faults, isFaultCode } from '@surety/contract/faults';

/** A fault of the contract's catalogue that the guard itself raises. */
export class HouseFault extends Error {
  override readonly name = 'HouseFault';
  readonly code: FaultCode;

  constructor(code: FaultCode) {
    super(faults[code].title);
    this.code = code;
  }
}

/** The catalogue's code of whatever was thrown; what carries none broke, and says no more. */
export function faultCodeOf(thrown: unknown): FaultCode {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' && isFaultCode(code) ? code : 'internal';
}

const word = /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,100}$/;

/** What a fault of the house demands besides a token, as parameters of a challenge: words that can stand in a header. */
export function demandedBy(thrown: unknown): Readonly<Record<string, string | number>> {
  const said: unknown = thrown instanceof Error && 'challenge' in thrown ? thrown.challenge : undefined;
  if (typeof said !== 'object' || said === null) return {};
  return Object.fromEntries(Object.entries(said).filter(([, value]) => word.test(String(value))));
}
