import { type FaultCode, faults } from '@surety/contract/faults';

export type FaultIssue = { readonly path: string; readonly message: string };

export type FaultOptions = ErrorOptions & {
  /** Which fields were refused and why; shown to the caller. Never quotes a value. */
  readonly issues?: readonly FaultIssue[];
  /** Why, in words, when a decision refused; shown to the caller. */
  readonly why?: readonly string[];
  /** What a 401 demands besides a token, as parameters of its challenge (RFC 9470 §3). */
  readonly challenge?: Readonly<Record<string, string | number>>;
};

/** The one error class that crosses a room's door. Anything else thrown is a bug and leaves as `internal`. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  /** For operators: logged beside the request id, never sent to the caller. */
  readonly detail: string | undefined;
  readonly issues: readonly FaultIssue[] | undefined;
  readonly why: readonly string[] | undefined;
  readonly challenge: FaultOptions['challenge'];

  constructor(code: FaultCode, detail?: string, options: FaultOptions = {}) {
    super(faults[code].title, options);
    this.code = code;
    this.detail = detail;
    this.issues = options.issues;
    this.why = options.why;
    this.challenge = options.challenge;
  }
}

export function asFault(thrown: unknown): Fault {
  return thrown instanceof Fault ? thrown : new Fault('internal', undefined, { cause: thrown });
}
