import { localFaults, SuretyError } from '@surety/sdk/surety-error';

/** Exit codes: wire contract with every script. `surety help exit-codes` prints this. */
export const exitCodes = {
  done: [0, 'done'],
  failed: [1, 'failed'],
  usage: [2, 'wrong usage, or an answer is needed and there is no terminal'],
  denied: [3, 'denied by policy'],
  signedOut: [4, 'not signed in, or the key or code is not accepted'],
  held: [5, 'held: waits for a person; with --wait: nobody decided in time'],
  notFound: [6, 'not found'],
  conflict: [7, 'conflict: changed meanwhile, or not possible in this state'],
  proof: [8, 'the proof does not match (log, checkpoint, signature)'],
  partly: [9, 'partly done (for example 2 of 3 enforcement points)'],
  stopped: [10, 'stopped: the agent, its task, or who answers for it is not active'],
  interrupted: [130, 'interrupted'],
} as const satisfies Record<string, readonly [number, string]>;

export type ExitName = keyof typeof exitCodes;

/** An error as people and scripts get it: what, why, what to do, and the id of the request. */
export type ErrorReport = {
  readonly code: string;
  readonly message: string;
  readonly why: readonly string[];
  readonly next: readonly string[];
  readonly id?: string | undefined;
};

/** What a command ends with when it cannot do what it was asked. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exit: ExitName;
  readonly report: ErrorReport;

  constructor(
    exit: ExitName,
    report: {
      readonly code: string;
      readonly message: string;
      readonly why?: readonly string[];
      readonly next?: readonly string[];
    },
  ) {
    super(report.message);
    this.exit = exit;
    this.report = { why: [], next: [], ...report };
  }
}

/** Wrong usage: said before anything was sent. */
export function usage(message: string, next: string): CliError {
  return new CliError('usage', { code: 'usage', message, next: [next] });
}

/** Anything thrown, as a report and an exit code. Bugs keep their message and nothing else. */
export function reportOf(thrown: unknown): { readonly exit: ExitName; readonly report: ErrorReport } {
  if (thrown instanceof CliError) return { exit: thrown.exit, report: thrown.report };
  if (thrown instanceof SuretyError) return { exit: exitOf(thrown), report: reportOfSurety(thrown) };
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return { exit: 'interrupted', report: { code: 'interrupted', message: 'Interrupted', why: [], next: [] } };
  }
  const message = thrown instanceof Error ? thrown.message : 'Something broke';
  return {
    exit: 'failed',
    report: { code: 'internal', message, why: [], next: ['Run it again; if it persists, report it with what you typed.'] },
  };
}

function reportOfSurety(error: SuretyError): ErrorReport {
  const why = [...error.why, ...error.issues.map(({ path, message }) => `${path}: ${message}`)];
  return { code: error.code, message: error.title, why, next: [error.next], id: error.requestId };
}

const byCode: Readonly<Record<string, ExitName>> = {
  'request.malformed': 'usage',
  'signature.invalid': 'proof',
  'claim.refused': 'signedOut',
  'enrolment.refused': 'signedOut',
  'client.unknown': 'signedOut',
  'grant.refused': 'stopped',
  'token.ended': 'stopped',
  'call.held': 'held',
  'policy.needs_second': 'held',
  'policy.tests_failed': 'failed',
  'resource.unknown': 'notFound',
  'local.not_configured': 'signedOut',
  'local.key_file_refused': 'signedOut',
  'local.plaintext_refused': 'usage',
  'local.digest_differs': 'proof',
  'local.address_refused': 'usage',
};

const byStatus: Readonly<Record<number, ExitName>> = { 401: 'signedOut', 403: 'denied', 404: 'notFound', 409: 'conflict' };

function exitOf({ code, status }: SuretyError): ExitName {
  return byCode[code] ?? (Object.hasOwn(localFaults, code) ? 'failed' : (byStatus[status] ?? 'failed'));
}
