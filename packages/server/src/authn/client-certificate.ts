import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { PeerCertificate } from '@surety/contract/enforcement';
import { importPublicKey, type PublicJwk, type PublicKey, readPublicJwk } from '@surety/proof/jwk';
import { ProofError } from '@surety/proof/proof-error';
import { Fault } from '#kernel/fault';
import { headerValues } from '#kernel/header-values';

/** The certificate by which a client authenticated its connection: whoever sent the request holds its key (RFC 8705). */
export type ClientCertificate = PeerCertificate & {
  readonly key: PublicKey;
  readonly jwk: PublicJwk;
  readonly leaf: X509Certificate;
  /** What came with it, nearest first. Nothing in it is trusted. */
  readonly intermediates: readonly X509Certificate[];
};

/** The certificate of the connection that a request came by; undefined when there is none that can be used here. */
export type CertificateReader = (request: IncomingMessage) => ClientCertificate | undefined;

/** Who ends TLS before us and says which certificate it saw: this one address, in this one header field (RFC 9440). */
export type CertificateProxy = { readonly address: string; readonly header: string };

/** How many certificates above the leaf are looked at. */
const maxIntermediates = 4;

/**
 * Reads the client's certificate from a TLS connection that ends here, and from the header of a proxy where one is named.
 * The same header from anybody else says nothing. Of a kind of key that is not taken here there is no certificate.
 */
export function createCertificateReader(proxy?: CertificateProxy): CertificateReader {
  const known = new WeakMap<TLSSocket, ClientCertificate>();
  return (request) => {
    const { socket } = request;
    if (socket instanceof TLSSocket) {
      const certificate = known.get(socket) ?? readSocket(socket);
      if (certificate !== undefined) known.set(socket, certificate);
      return certificate;
    }
    if (proxy === undefined || plainAddress(socket.remoteAddress) !== plainAddress(proxy.address)) return undefined;
    return readHeader(request, proxy.header.toLowerCase());
  };
}

function plainAddress(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:/i, '').toLowerCase();
}

function readSocket(socket: TLSSocket): ClientCertificate | undefined {
  const leaf = socket.getPeerX509Certificate();
  if (leaf === undefined) return undefined;
  const intermediates: X509Certificate[] = [];
  let above: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (above?.issuerCertificate !== undefined && above.issuerCertificate !== above && intermediates.length < maxIntermediates) {
    above = above.issuerCertificate;
    intermediates.push(new X509Certificate(above.raw));
  }
  return describe(leaf, intermediates);
}

/** RFC 9440 §2: one byte sequence of a structured field, and a list of them. Fault `request.malformed`. */
function readHeader(request: IncomingMessage, header: string): ClientCertificate | undefined {
  const values = headerValues(request, header);
  if (values.length === 0) return undefined;
  const [leaf, ...others] = values.flatMap((value) => value.split(','));
  const above = headerValues(request, `${header}-chain`).flatMap((value) => value.split(','));
  if (leaf === undefined || others.length > 0 || above.length > maxIntermediates) return malformed();
  return describe(parse(leaf), above.map(parse));
}

function parse(item: string): X509Certificate {
  const [, text] = /^[ \t]*:([A-Za-z0-9+/]{100,16000}={0,2}):[ \t]*$/.exec(item) ?? [];
  try {
    return new X509Certificate(Buffer.from(text ?? '', 'base64'));
  } catch {
    return malformed();
  }
}

function describe(leaf: X509Certificate, intermediates: readonly X509Certificate[]): ClientCertificate | undefined {
  try {
    const jwk = readPublicJwk(leaf.publicKey.export({ format: 'jwk' }));
    const key = importPublicKey(jwk);
    const x5t = Buffer.from(leaf.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
    return { x5t, jkt: key.jkt, key, jwk, leaf, intermediates };
  } catch (thrown) {
    if (thrown instanceof ProofError) return undefined;
    throw thrown;
  }
}

function malformed(): never {
  throw new Fault('request.malformed', 'the certificate that a proxy passed on cannot be read');
}
