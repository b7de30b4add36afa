import { connect } from 'node:net';

/** Speaks HTTP byte by byte, as no client library would: sends exactly this and reads until the server closes. */
export function speak(issuer: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(issuer);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let answered = '';
    socket
      .on('data', (chunk) => (answered += chunk.toString('latin1')))
      .on('close', () => resolve(answered))
      .on('error', () => resolve(answered));
    socket.write(bytes);
  });
}
