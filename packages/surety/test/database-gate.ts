import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A way to the database that can be shut while the database itself is well: as a network that lets nothing pass. */
export type DatabaseGate = {
  /** The same database, through here. */
  readonly url: string;
  /** Nothing passes any more, and nothing is told: of the change feed alone, or of everything. */
  shut(what: 'feed' | 'everything'): void;
  open(): void;
  close(): Promise<void>;
};

type Pair = { readonly isFeed: boolean; readonly client: Socket; readonly server: Socket };

/** How the feed names itself in the first message of its connection. */
const feedName = 'surety change feed';

export async function openDatabaseGate(databaseUrl: string): Promise<DatabaseGate> {
  const pairs = new Set<Pair>();
  let isShut = (_isFeed: boolean): boolean => false;
  const apply = (): void => {
    for (const { isFeed, client, server } of pairs) {
      for (const socket of [client, server]) {
        if (isShut(isFeed)) socket.pause();
        else socket.resume();
      }
    }
  };
  const gate = createServer((client) => {
    client.on('error', () => client.destroy());
    client.once('data', (first) => {
      const server = connect(addressOf(databaseUrl));
      const pair = { isFeed: first.includes(feedName), client, server };
      pairs.add(pair);
      server.write(first);
      client.on('data', (bytes) => server.write(bytes));
      server.on('data', (bytes) => client.write(bytes));
      for (const [one, other] of [
        [client, server],
        [server, client],
      ] as const) {
        one.on('error', () => other.destroy());
        one.once('close', () => {
          pairs.delete(pair);
          other.destroy();
        });
      }
      apply();
    });
  });
  await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.search = '';
  url.host = `127.0.0.1:${(gate.address() as AddressInfo).port}`;
  return {
    url: url.href,
    shut: (what) => {
      isShut = (isFeed) => what === 'everything' || isFeed;
      apply();
    },
    open: () => {
      isShut = () => false;
      apply();
    },
    close: async () => {
      const closed = new Promise((resolve) => gate.close(resolve));
      for (const { client, server } of pairs) [client, server].forEach((socket) => socket.destroy());
      await closed;
    },
  };
}

/** Where a database listens: a socket in a folder, or a host and port. */
function addressOf(databaseUrl: string): NetConnectOpts {
  const url = new URL(databaseUrl);
  const port = Number(url.searchParams.get('port') ?? (url.port || 5432));
  const host = url.searchParams.get('host') ?? url.hostname;
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}
