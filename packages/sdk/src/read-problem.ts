import { faults, isFaultCode } from '@surety/contract/faults';
import { Problem } from '@surety/contract/problem';
import { localError, SuretyError } from './surety-error.ts';

/** An answer that is not a success as an error: an RFC 9457 problem document, or what its status alone says. */
export async function readProblem(response: Response): Promise<SuretyError> {
  const problem = Problem.safeParse(await readJson(response));
  if (!problem.success) return withStatus(response.status);
  const { code, status, title, next, requestId, why, issues } = problem.data;
  return new SuretyError({ code, status, title, next, requestId, why, issues });
}

/**
 * An OAuth error (RFC 6749 §5.2) as an error. The registered name says little, so a server of ours puts its fault's code
 * and the id of the request beside it; without a code the first fault with that name speaks.
 */
export async function readOAuthError(response: Response): Promise<SuretyError> {
  const body = await readJson(response);
  if (typeof body !== 'object' || body === null) return withStatus(response.status);
  const { error, error_description: description, code, request_id: id } = body as Record<string, unknown>;
  if (typeof error !== 'string') return withStatus(response.status);
  const known = typeof code === 'string' && isFaultCode(code) ? code : faultOfOAuth(error);
  const title =
    typeof description === 'string' ? description : known === undefined ? 'The token endpoint refused' : faults[known].title;
  return new SuretyError({
    code: known ?? `oauth.${error}`,
    status: response.status,
    title,
    next: known === undefined ? 'Look the error up in RFC 6749 §5.2.' : faults[known].next,
    requestId: typeof id === 'string' ? id : (response.headers.get('x-request-id') ?? undefined),
  });
}

function faultOfOAuth(error: string) {
  return Object.entries(faults).find(([, spec]) => 'oauth' in spec && spec.oauth === error)?.[0] as
    | keyof typeof faults
    | undefined;
}

function withStatus(status: number): SuretyError {
  const { title, next } = localError('local.unexpected_answer');
  return new SuretyError({
    code: 'local.unexpected_answer',
    status,
    title,
    next,
    why: [`It answered ${status} without saying why.`],
  });
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}
