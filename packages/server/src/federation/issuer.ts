import type { AssertionAlg, IssuerKind, KeyPlace } from '@surety/contract/federation';
import { Fault } from '#kernel/fault';

/** What is right for an issuer of a kind when nobody says otherwise. */
type KindRules = {
  readonly algs: readonly AssertionAlg[];
  readonly maxLifetimeSeconds: number;
  /** Values of `typ` (RFC 8725 §3.11): what the platform sets, and nothing that another kind of token says. */
  readonly types: readonly (string | undefined)[];
  /** Claims of which a match must name one, because nothing less tells one workload from another. */
  readonly telling: readonly string[];
  /** Nested or together: all of one of these lists is as good as one of `telling`. */
  readonly tellingTogether?: readonly (readonly string[])[];
  /** Where the platform says which of several copies this is. */
  readonly instance?: readonly string[];
};

const plain = ['JWT', undefined] as const;

export const kindRules: Readonly<Record<IssuerKind, KindRules>> = {
  kubernetes: {
    algs: ['RS256', 'ES256'],
    maxLifetimeSeconds: 3_700,
    types: plain,
    telling: ['sub'],
    tellingTogether: [['/kubernetes.io/namespace', '/kubernetes.io/serviceaccount/name']],
    instance: ['/kubernetes.io/pod/uid'],
  },
  github: {
    algs: ['RS256'],
    maxLifetimeSeconds: 900,
    types: plain,
    telling: ['sub', 'repository', 'repository_id', 'job_workflow_ref'],
    instance: ['run_id', 'run_attempt'],
  },
  gitlab: {
    algs: ['RS256'],
    maxLifetimeSeconds: 3_700,
    types: plain,
    telling: ['sub', 'project_path', 'project_id'],
    instance: ['job_id'],
  },
  cloud: { algs: ['RS256', 'ES256'], maxLifetimeSeconds: 3_700, types: plain, telling: ['sub'] },
  spiffe: { algs: ['RS256', 'ES256', 'ES384'], maxLifetimeSeconds: 3_700, types: [...plain, 'JOSE'], telling: ['sub'] },
  'workload-grant': { algs: ['ES256', 'EdDSA', 'RS256'], maxLifetimeSeconds: 600, types: plain, telling: ['sub'] },
  'id-jag': { algs: ['ES256', 'EdDSA', 'RS256'], maxLifetimeSeconds: 600, types: ['oauth-id-jag+jwt'], telling: ['client_id'] },
  'client-document': {
    algs: ['ES256', 'EdDSA'],
    maxLifetimeSeconds: 300,
    types: [...plain, 'client-authentication+jwt'],
    telling: ['sub'],
  },
};

/** Kinds that name agents which nobody has seen: a person receives those. */
export const receivedKinds: ReadonlySet<IssuerKind> = new Set(['workload-grant', 'client-document']);

type DescribedIssuer = {
  readonly kind: IssuerKind;
  readonly issuer: string;
  readonly keys: KeyPlace;
  readonly algs: readonly AssertionAlg[];
};

/** Refuses (`issuer.refused`) what cannot be trusted as it is described, whatever it serves. */
export function checkIssuer(
  { kind, issuer, keys, algs }: DescribedIssuer,
  { ours, allowLoopback }: { readonly ours: string; readonly allowLoopback: boolean },
): void {
  if (sameIssuer(issuer, ours)) refuse('/issuer', 'this is our own issuer');
  const isSpiffe = kind === 'spiffe';
  if (issuer.startsWith('spiffe://') !== isSpiffe) refuse('/issuer', 'a trust domain is of kind spiffe, and nothing else is');
  if (isSpiffe && algs.includes('EdDSA')) refuse('/algs', 'SPIFFE knows RS, PS and ES only');
  if (isSpiffe && keys.from === 'discovery') refuse('/keys', 'a trust domain has a bundle endpoint, or pinned keys');
  if (!isSpiffe) checkAddress('/issuer', issuer, allowLoopback);
  if ('url' in keys) checkAddress('/keys/url', keys.url, allowLoopback);
  if (kind !== 'client-document') return;
  if (`${URL.parse(issuer)?.origin}/` !== issuer) refuse('/issuer', 'expected a host alone, as https://app.example/');
  if (keys.from !== 'discovery') refuse('/keys', 'each document says its own keys');
}

/** `https`, a host, and nothing that hides where it leads; an issuer has neither query nor fragment (RFC 8414 §2). */
function checkAddress(path: string, address: string, allowLoopback: boolean): void {
  const url = URL.parse(address);
  if (url === null || url.username !== '' || url.password !== '' || /[?#]/.test(address))
    refuse(path, 'expected a plain address');
  const isLoopback = allowLoopback && url.protocol === 'http:' && ['127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !isLoopback) refuse(path, 'expected https');
  if (/[A-Z]/.test(address.slice(0, address.indexOf('/', 8) >>> 0))) refuse(path, 'write scheme and host in lower case');
}

function sameIssuer(one: string, other: string): boolean {
  return one.replace(/\/+$/, '').toLowerCase() === other.replace(/\/+$/, '').toLowerCase();
}

function refuse(path: string, message: string): never {
  throw new Fault('issuer.refused', undefined, { issues: [{ path, message }] });
}
