import { X509Certificate } from 'node:crypto';
import type { PublishedKey } from './issuer-keys.ts';
import { refuseAssertion } from './refuse-assertion.ts';
import { readSpiffeId } from './spiffe-id.ts';

/** A SPIFFE id, as `readSpiffeId` gives it. */
export type SpiffeId = NonNullable<ReturnType<typeof readSpiffeId>>;

const clientAuth = '1.3.6.1.5.5.7.3.2';
const maxAbove = 4;

/**
 * The SPIFFE id of an X.509-SVID (X509-SVID §2): the one URI among its names. Undefined where there is none, or two: nothing
 * then says who it is. A name that holds quotes is written to be read as another, and is none.
 */
export function spiffeIdOf({ subjectAltName }: X509Certificate): SpiffeId | undefined {
  if (subjectAltName === undefined || subjectAltName.includes('"')) return undefined;
  const [uri, ...others] = subjectAltName
    .split(', ')
    .filter((name) => name.startsWith('URI:'))
    .map((name) => name.slice(4));
  return uri === undefined || others.length > 0 ? undefined : readSpiffeId(uri);
}

/** The authorities that a bundle publishes for X.509-SVIDs (SPIFFE Trust Domain and Bundle §4.2.1): the first of each `x5c`. */
export function authoritiesOf(bundle: readonly PublishedKey[]): readonly X509Certificate[] {
  return bundle.flatMap(({ use, x5c }) => {
    const text: unknown = use === 'x509-svid' && Array.isArray(x5c) ? x5c[0] : undefined;
    if (typeof text !== 'string') return [];
    try {
      return [new X509Certificate(Buffer.from(text, 'base64'))];
    } catch {
      return [];
    }
  });
}

/**
 * Verifies an X.509-SVID (X509-SVID §5) from its leaf, which is no authority and is for clients, up to one of its own trust
 * domain. Each certificate is valid now, was signed by the next, and everything above the leaf may sign. A certificate that
 * limits names is refused: that limit is not evaluated here. Fault `assertion.refused`.
 */
export function verifySvid(
  leaf: X509Certificate,
  intermediates: readonly X509Certificate[],
  { authorities, now }: { readonly authorities: readonly X509Certificate[]; readonly now: number },
): void {
  if (leaf.ca) refuseAssertion('the certificate is one of an authority');
  if (leaf.keyUsage !== undefined && !leaf.keyUsage.includes(clientAuth)) refuseAssertion('the certificate is not for clients');
  let one = leaf;
  for (let above = 0; above <= maxAbove; above++) {
    if (!isValid(one, now)) refuseAssertion('a certificate is not valid now');
    if (authorities.some((authority) => isSignedBy(one, authority) && isValid(authority, now))) return;
    const next = intermediates.find((candidate) => candidate.fingerprint256 !== one.fingerprint256 && isSignedBy(one, candidate));
    if (next === undefined) break;
    one = next;
  }
  refuseAssertion('no authority of its trust domain vouches for the certificate');
}

function isValid({ validFrom, validTo }: X509Certificate, now: number): boolean {
  return Date.parse(validFrom) <= now && now < Date.parse(validTo);
}

/** The DER of the extension of name constraints (RFC 5280 §4.2.1.10): 2.5.29.30. */
const nameConstraints = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x1e]);

function isSignedBy(one: X509Certificate, by: X509Certificate): boolean {
  return by.ca && !by.raw.includes(nameConstraints) && one.checkIssued(by) && one.verify(by.publicKey);
}
