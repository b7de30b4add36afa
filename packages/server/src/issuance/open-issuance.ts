import { createNonceSource } from '@surety/proof/nonce';
import { openFederation } from '#federation/federation';
import type { ResolveHost } from '#federation/fetch-document';
import type { InteractiveRoom } from './interactive/interactive-room.ts';
import { openInteractive } from './interactive/open-interactive.ts';
import type { IssuanceRoom } from './issuance-room.ts';
import { createTokenReader } from './read-token.ts';

/** What an authorization server is made of, beside what it makes itself. */
export type IssuanceParts = Omit<IssuanceRoom, 'interactive' | 'federation' | 'nonces' | 'readToken'> &
  Pick<InteractiveRoom, 'demands' | 'secret'> & {
    /** Whether keys of issuers may be fetched from plain http on this computer. */
    readonly allowLoopback: boolean;
    /** The name server that is asked for the hosts of issuers; the system's, when left out. */
    readonly resolve?: ResolveHost | undefined;
  };

/** Opens the authorization server of one node: both its halves, and those it trusts. */
export function openIssuance({ demands, secret, allowLoopback, resolve, ...parts }: IssuanceParts): IssuanceRoom {
  const federation = openFederation({ ...parts, allowLoopback, resolve });
  return {
    ...parts,
    federation,
    interactive: openInteractive({ ...parts, demands, secret, federation }),
    nonces: createNonceSource(parts.keyRing.nonceSecret),
    readToken: createTokenReader(parts),
  };
}
