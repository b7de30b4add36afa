import { connect, type Socket } from 'node:net';
import { AnswerReader, type HttpAnswer } from './read-answer.ts';

/** A kept connection to a server on this computer. One request is under way at a time. */
export type HttpConnection = {
  /** Sends the bytes of a whole request and waits for the whole answer. */
  send(request: Buffer): Promise<HttpAnswer>;
  close(): void;
};

type Waiting = { readonly resolve: (answer: HttpAnswer) => void; readonly reject: (thrown: Error) => void };

/** A client that costs little, so that what is measured is the server and not us. Loopback only. */
export async function openConnection(port: number): Promise<HttpConnection> {
  const socket = await connected(port);
  const reader = new AnswerReader();
  let waiting: Waiting | undefined;
  const fail = (thrown: Error): void => {
    waiting?.reject(thrown);
    waiting = undefined;
  };
  socket.on('data', (bytes) => {
    try {
      const answer = reader.take(bytes);
      if (answer === undefined) return;
      const { resolve } = waiting ?? {};
      waiting = undefined;
      resolve?.(answer);
    } catch (thrown) {
      fail(thrown instanceof Error ? thrown : new Error('an answer could not be read'));
    }
  });
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the server closed the connection')));
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        if (socket.destroyed) fail(new Error('the server closed the connection'));
        else socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/** The bytes of a POST. */
export function postBytes(port: number, path: string, headers: Readonly<Record<string, string>>, body: string | Buffer): Buffer {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers, 'content-length': String(bytes.length) });
  const head = [`POST ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`)].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), bytes]);
}
