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
