import type { GuardedSystem, SystemCredential } from '@surety/contract/enforcement';
import type { GatewayLog } from '../log.ts';
import { type ConnectionLimits, openHttpUpstream } from './http-upstream.ts';
import { openStdioUpstream } from './stdio-upstream.ts';
import type { SystemUpstream } from './upstream.ts';

/** The connections of a guard to its systems: opened when first needed, one set for each revision of a system. */
export type Upstreams = {
  of(system: GuardedSystem, credential: SystemCredential | undefined): SystemUpstream;
  close(): Promise<void>;
};

type Open = { readonly revision: number; readonly upstream: SystemUpstream };

/** The least recently used connections are closed past this many systems. */
const maxSystems = 256;

/** How long requests to an outdated revision of a system may take to come to their end. */
const lingerMs = 60_000;

export function createUpstreams(limits: ConnectionLimits, log: GatewayLog): Upstreams {
  const open = new Map<string, Open>();
  const lingering = new Set<SystemUpstream>();
  const closeLater = ({ upstream }: Open): void => {
    lingering.add(upstream);
    setTimeout(() => lingering.delete(upstream) && void upstream.close(), lingerMs).unref();
  };
  return {
    of: (system, credential) => {
      const known = open.get(system.id);
      const entry =
        known?.revision === system.revision
          ? known
          : { revision: system.revision, upstream: openUpstream(system, credential, limits, log) };
      open.delete(system.id);
      open.set(system.id, entry);
      if (known !== undefined && known !== entry) closeLater(known);
      const [oldest] = open.size > maxSystems ? open : [];
      if (oldest !== undefined) {
        open.delete(oldest[0]);
        closeLater(oldest[1]);
      }
      return entry.upstream;
    },
    close: async () => {
      const all = [...lingering, ...[...open.values()].map(({ upstream }) => upstream)];
      lingering.clear();
      open.clear();
      await Promise.all(all.map((upstream) => upstream.close()));
    },
  };
}

function openUpstream(
  { name, upstream }: GuardedSystem,
  credential: SystemCredential | undefined,
  limits: ConnectionLimits,
  log: GatewayLog,
): SystemUpstream {
  return upstream.kind === 'mcp-http'
    ? openHttpUpstream(upstream.url, limits)
    : openStdioUpstream(upstream, credential, { name, log });
}
