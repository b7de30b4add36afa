import { faults } from '@surety/contract/faults';
import type { Problem } from '@surety/contract/problem';
import type { Fault } from '#kernel/fault';

/** A fault as it leaves: status, header fields, and a problem document. */
export type RenderedProblem = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem;
};

/** What an answer may say beside its fault. `metadataUrl`: where the metadata of the protected resource is (RFC 9728 §5.1). */
export type ProblemPlace = { readonly requestId: string; readonly metadataUrl: string };

/**
 * A fault as RFC 9457 says it. Where a token or proof is at fault the status is 401 with the DPoP challenge (RFC 9449 §7.1),
 * which names the algorithms and where the metadata is. `detail` stays here.
 */
export function renderProblem(fault: Fault, { requestId, metadataUrl }: ProblemPlace): RenderedProblem {
  const spec = faults[fault.code];
  const challenge = challengeOf(fault, metadataUrl);
  const status = challenge === undefined ? spec.status : 401;
  const { issues, why } = fault;
  const body: Problem = {
    type: `urn:surety:fault:${fault.code}`,
    title: spec.title,
    status,
    code: fault.code,
    next: spec.next,
    requestId,
    ...(issues === undefined ? {} : { issues: [...issues] }),
    ...(why === undefined ? {} : { why: [...why] }),
  };
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(challenge === undefined ? {} : { 'www-authenticate': challenge }),
      ...(spec.status === 503 ? { 'retry-after': '1' } : {}),
    },
    body,
  };
}

/** RFC 6750 §3.1: a request without a token is told how to ask, not that it did wrong. */
function challengeOf(fault: Fault, metadataUrl: string): string | undefined {
  const spec = faults[fault.code];
  if (!fault.code.startsWith('token.') && !fault.code.startsWith('dpop.')) return undefined;
  const error =
    fault.code === 'token.missing' || !('oauth' in spec) ? '' : ` error="${spec.oauth}", error_description="${spec.title}",`;
  const demanded = Object.entries(fault.challenge ?? {}).map(([name, value]) => ` ${name}="${value}",`);
  return `DPoP${error}${demanded.join('')} algs="ES256 EdDSA", resource_metadata="${metadataUrl}"`;
}
