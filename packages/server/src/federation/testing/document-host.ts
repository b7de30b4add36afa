import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A host outside the house that serves documents of clients, on a real port. */
export type DocumentHost = {
  /** As the trusted issuer is called: the origin with a slash. */
  readonly host: string;
  readonly documents: Map<string, object>;
  /** How often anything was asked for. */
  readonly asked: () => number;
  /** What answers instead of a document, until it is taken away. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  cacheControl: string;
  close(): Promise<void>;
};

export async function openDocumentHost(): Promise<DocumentHost> {
  const documents = new Map<string, object>();
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    if (host.answer !== undefined) return host.answer(request, response);
    const document = documents.get(request.url ?? '');
    if (document === undefined) return void response.writeHead(404).end();
    response
      .writeHead(200, { 'content-type': 'application/json', 'cache-control': host.cacheControl })
      .end(JSON.stringify(document));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host: DocumentHost = {
    host: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    documents,
    asked: () => asked,
    answer: undefined,
    cacheControl: 'max-age=60',
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return host;
}
