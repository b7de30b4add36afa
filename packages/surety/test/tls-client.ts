import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, type X509Certificate } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { Agent, request as requestTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '@surety/server/testing/make-certificate';
import type { ForgeKey } from './forge.ts';

/** A certificate and its key, as PEM. */
export type Pair = { readonly cert: string; readonly key: string };

/** The certificate of a server on this computer, in files as its configuration wants them. */
export async function serverCertificate(): Promise<{ readonly ca: string; readonly certFile: string; readonly keyFile: string }> {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = { subject: 'Test Authority', key: authority.privateKey };
  const ca = makeCertificate({ subject: issuer.subject, publicKey: authority.publicKey, issuer, isAuthority: true });
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own = makeCertificate({ subject: 'server', publicKey, issuer, addresses: ['127.0.0.1'], hosts: ['localhost'] });
  const folder = await mkdtemp(join(tmpdir(), `surety-test-${process.pid}-`));
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await writeFile(certFile, own.toString());
  await writeFile(keyFile, pemOf(privateKey), { mode: 0o600 });
  return { ca: ca.toString(), certFile, keyFile };
}

/** A certificate that the holder of a key made for itself. */
export function selfMade({ privateJwk, publicJwk }: ForgeKey): Pair & { readonly certificate: X509Certificate } {
  const key = createPrivateKey({ key: { ...privateJwk } as Record<string, string>, format: 'jwk' });
  const publicKey = createPublicKey({ key: { ...publicJwk }, format: 'jwk' });
  const certificate = makeCertificate({ subject: 'itself', publicKey, issuer: { subject: 'itself', key } });
  return { certificate, cert: certificate.toString(), key: pemOf(key) };
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** A `fetch` over TLS that trusts one authority and shows one certificate, or none. */
export function tlsFetch(ca: string, pair?: Pair): typeof fetch {
  const agent = new Agent({ ca, ...(pair === undefined ? {} : { cert: pair.cert, key: pair.key }) });
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.protocol === 'http:') return fetch(input, init);
    const headers = Object.fromEntries(new Headers(init.headers));
    const body =
      init.body === undefined || init.body === null ? undefined : Buffer.from(await new Response(init.body).arrayBuffer());
    return new Promise((resolve, reject) => {
      const outgoing = requestTls(url, { agent, method: init.method ?? 'GET', headers }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('error', reject);
        incoming.once('end', () => {
          const answered = new Headers();
          for (let at = 0; at < incoming.rawHeaders.length; at += 2)
            answered.append(incoming.rawHeaders[at] ?? '', incoming.rawHeaders[at + 1] ?? '');
          resolve(new Response(Buffer.concat(chunks), { status: incoming.statusCode ?? 0, headers: answered }));
        });
      });
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  };
}
