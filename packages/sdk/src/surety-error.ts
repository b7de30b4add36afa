import { type FaultCode, faults } from '@surety/contract/faults';
import type { Problem } from '@surety/contract/problem';

/** What goes wrong before or after the server: on this computer, or on the way. */
export const localFaults = {
  'local.unreachable': { title: 'The server cannot be reached', next: 'Check its address, and that it runs.' },
  'local.unexpected_answer': {
    title: 'The server answered with something else than was expected',
    next: 'Check the address, and that server and client are of one version.',
  },
  'local.address_refused': {
    title: 'This address is not protected here, so no token is sent to it',
    next: 'Use an address of the API or the gateway.',
  },
  'local.not_configured': {
    title: 'It is not known which server, or which key, to use',
    next: 'Enrol a key with "surety agent enrol", or set SURETY_URL, SURETY_CLIENT_ID and SURETY_PRIVATE_KEY_FILE.',
  },
  'local.key_file_refused': {
    title: 'The key file cannot be used',
    next: 'Check that the file is there, is yours, and can be read by nobody else (chmod 600).',
  },
  'local.digest_differs': {
    title: 'The digest to sign is not that of the call that is shown',
    next: 'Nothing was signed. Tell an administrator: the server shows one call and asks for another.',
  },
  'local.assertion_refused': {
    title: 'The authorization server does not take the assertion',
    next: 'Ask its administrator whether it trusts who made the assertion, for this client and scope.',
  },
  'local.sign_in_failed': {
    title: 'The sign-in did not come to its end',
    next: 'Begin again, and sign in at the address that opens.',
  },
  'local.plaintext_refused': { title: 'The address is not encrypted and not on this computer', next: 'Use https.' },
} as const;

export type LocalFaultCode = keyof typeof localFaults;

export type SuretyErrorSpec = {
  readonly code: FaultCode | LocalFaultCode | (string & {});
  readonly title: string;
  readonly next: string;
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  readonly why?: readonly string[] | undefined;
  readonly issues?: Problem['issues'] | undefined;
  readonly cause?: unknown;
};

/**
 * The one error of the SDK: what happened (`title`), why, what to do (`next`) and the request's id. `code` is stable:
 * a fault of the contract, or `local.…` when the server was not reached or did not say. `status` is 0 then.
 */
export class SuretyError extends Error {
  override readonly name = 'SuretyError';
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly next: string;
  readonly why: readonly string[];
  readonly issues: NonNullable<Problem['issues']>;
  readonly requestId: string | undefined;

  constructor(spec: SuretyErrorSpec) {
    super(spec.title, spec.cause === undefined ? {} : { cause: spec.cause });
    this.code = spec.code;
    this.status = spec.status ?? 0;
    this.title = spec.title;
    this.next = spec.next;
    this.why = spec.why ?? [];
    this.issues = spec.issues ?? [];
    this.requestId = spec.requestId;
  }
}

/** Input that a schema refused: which members, and why; never their values. */
export function malformed(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): SuretyError {
  const { title, next } = faults['request.malformed'];
  const named = issues.map(({ path, message }) => ({ path: `/${path.map(String).join('/')}`, message }));
  return new SuretyError({ code: 'request.malformed', title, next, issues: named });
}

/** A fault of this side. `why` says more; never a value of a key, a token or an argument. */
export function localError(code: LocalFaultCode, why: readonly string[] = [], cause?: unknown): SuretyError {
  return new SuretyError({ code, ...localFaults[code], why, cause });
}
