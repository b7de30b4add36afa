import { type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';

/** What a certificate for a test says. Everything may be wrong: it is signed as it is. */
export type CertificateParts = {
  readonly subject: string;
  readonly publicKey: KeyObject;
  /** Who signs it, and under which name. */
  readonly issuer: { readonly subject: string; readonly key: KeyObject };
  readonly uris?: readonly string[];
  readonly hosts?: readonly string[];
  readonly addresses?: readonly string[];
  readonly isAuthority?: boolean;
  /** Object identifiers of what it is for; nothing is said, when left out. */
  readonly purposes?: readonly string[];
  readonly limitsNames?: boolean;
  readonly from?: Date;
  readonly until?: Date;
};

const hour = 3_600_000;

/** Makes an X.509 certificate (RFC 5280 §4.1) with whatever a test wants in it. */
export function makeCertificate(parts: CertificateParts): X509Certificate {
  const { subject, publicKey, issuer, from = new Date(Date.now() - hour), until = new Date(Date.now() + hour) } = parts;
  const algorithm = algorithmOf(issuer.key);
  const body = sequence(
    tagged(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    nameOf(issuer.subject),
    sequence(timeOf(from), timeOf(until)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensionsOf(parts))),
  );
  const signature = sign(issuer.key.asymmetricKeyType === 'ed25519' ? null : 'sha256', body, issuer.key);
  return new X509Certificate(sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature]))));
}

function extensionsOf(parts: CertificateParts): readonly Buffer[] {
  const { uris = [], hosts = [], addresses = [], isAuthority = false, purposes, limitsNames = false } = parts;
  const names = [
    ...uris.map((uri) => der(0x86, Buffer.from(uri, 'latin1'))),
    ...hosts.map((host) => der(0x82, Buffer.from(host, 'latin1'))),
    ...addresses.map((address) => der(0x87, Buffer.from(address.split('.').map(Number)))),
  ];
  return [
    extension('2.5.29.19', sequence(...(isAuthority ? [der(0x01, Buffer.from([0xff]))] : []))),
    ...(names.length === 0 ? [] : [extension('2.5.29.17', sequence(...names))]),
    ...(purposes === undefined ? [] : [extension('2.5.29.37', sequence(...purposes.map(identifier)))]),
    ...(limitsNames ? [extension('2.5.29.30', sequence(tagged(0xa0, sequence(der(0x86, Buffer.from('acme.example'))))))] : []),
  ];
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(identifier(id), der(0x04, value));
}

function algorithmOf({ asymmetricKeyType: type }: KeyObject): Buffer {
  if (type === 'ed25519') return sequence(identifier('1.3.101.112'));
  if (type === 'ec') return sequence(identifier('1.2.840.10045.4.3.2'));
  return sequence(identifier('1.2.840.113549.1.1.11'), der(0x05, Buffer.alloc(0)));
}

function nameOf(common: string): Buffer {
  return sequence(der(0x31, sequence(identifier('2.5.4.3'), der(0x0c, Buffer.from(common)))));
}

function timeOf(at: Date): Buffer {
  return der(0x18, Buffer.from(`${at.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`));
}

function identifier(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const low = value & 0x7f;
  const digits = [low];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function tagged(tag: number, part: Buffer): Buffer {
  return der(tag, part);
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
