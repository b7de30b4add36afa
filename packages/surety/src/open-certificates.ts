import { readFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { type CertificateReader, createCertificateReader } from '@surety/server/authn/client-certificate';
import type { Config } from '@surety/server/config/config';
import { openDoor } from '@surety/server/http/open-door';

/** Where certificates of clients are seen: at a port of our own, by a proxy that passes them on, or both. */
export type Certificates = {
  readonly certificateOf: CertificateReader;
  /** Public origin of the port; undefined where only a proxy sees certificates. */
  readonly url: string | undefined;
  /** Answers at the port: calls of systems by the gateway, everything else by the house. */
  serve(house: RequestListener, gateway: RequestListener): void;
  close(): Promise<void>;
};

/** Opens what the configuration says; undefined when it says nothing. Until it serves, the port answers 503. */
export async function openCertificates(config: Config): Promise<Certificates | undefined> {
  const { SURETY_MTLS_PORT: port, SURETY_CLIENT_CERT_PROXY: address, SURETY_CLIENT_CERT_HEADER: header } = config;
  if (port === undefined && address === undefined) return undefined;
  const certificateOf = createCertificateReader(address === undefined ? undefined : { address, header });
  if (port === undefined) return { certificateOf, url: undefined, serve: () => undefined, close: async () => undefined };
  const door = await openDoor({ host: config.SURETY_HOST, port, tls: await readPair(config) });
  return {
    certificateOf,
    url: (config.SURETY_MTLS_URL ?? `https://${config.SURETY_HOST}:${door.port}`).replace(/\/+$/, ''),
    serve: (house, gateway) => door.serve((request, response) => (isCall(request.url) ? gateway : house)(request, response)),
    close: () => door.close(1_000),
  };
}

function isCall(url = ''): boolean {
  return url.startsWith('/mcp/') || url.startsWith('/.well-known/oauth-protected-resource/');
}

async function readPair({ SURETY_MTLS_CERT_FILE: cert, SURETY_MTLS_KEY_FILE: key }: Config) {
  if (cert === undefined || key === undefined)
    throw new Error('SURETY_MTLS_PORT needs a certificate of the server: set SURETY_MTLS_CERT_FILE and SURETY_MTLS_KEY_FILE.');
  const [certText, keyText] = await Promise.all([readFile(cert, 'utf8'), readFile(key, 'utf8')]);
  return { cert: certText, key: keyText };
}
