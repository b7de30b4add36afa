import type { AdapterPayload } from 'oidc-provider';
import { readPrincipalStanding } from '#authn/read-standing';
import { Fault } from '#kernel/fault';
import { listRedirects } from './agent-redirect-store.ts';
import type { InteractiveRoom } from './interactive-room.ts';

/**
 * An agent as a client of the engine: one that is active, whose owner is, and that has somewhere to send a browser. Loopback
 * addresses hold for any port (RFC 8252 §7.3), all others to the letter. It authenticates with us, never with the engine.
 * A client id that is an address is a client that its document describes; whatever is wrong with that, there is none.
 */
export async function findBrowserClient(room: ClientRoom, id: string): Promise<AdapterPayload | undefined> {
  const found = await findProgram(room, id);
  if (found === undefined || !(await readPrincipalStanding(room.facts, found.agent)).live) return undefined;
  return found.redirects.length === 0 ? undefined : payloadOf(id, found.redirects);
}

type ClientRoom = Pick<InteractiveRoom, 'facts' | 'db' | 'federation'>;

async function findProgram({ db, federation }: ClientRoom, id: string) {
  if (/^agt_[0-9a-hjkmnp-tv-z]{26}$/.test(id)) return { agent: id, redirects: await listRedirects(db, id) };
  if (!/^https?:\/\//.test(id)) return undefined;
  try {
    const { agent, document } = await federation.documents.find(id);
    return { agent, redirects: document.redirects };
  } catch (thrown) {
    if (thrown instanceof Fault) return undefined;
    throw thrown;
  }
}

function payloadOf(id: string, redirects: readonly string[]): AdapterPayload {
  return {
    client_id: id,
    application_type: 'native',
    redirect_uris: [...redirects],
    response_types: ['code'],
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'none',
  };
}
