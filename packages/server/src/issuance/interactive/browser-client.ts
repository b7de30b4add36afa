import type { AdapterPayload } from 'oidc-provider';
import { readPrincipalStanding } from '#authn/read-standing';
import { listRedirects } from './agent-redirect-store.ts';
import type { InteractiveRoom } from './interactive-room.ts';

/**
 * An agent as a client of the engine: one that is active, whose owner is, and that has somewhere to send a browser. Loopback
 * addresses hold for any port (RFC 8252 §7.3), all others to the letter. It authenticates with us, never with the engine.
 */
export async function findBrowserClient(
  { facts, db }: Pick<InteractiveRoom, 'facts' | 'db'>,
  id: string,
): Promise<AdapterPayload | undefined> {
  if (!/^agt_[0-9a-hjkmnp-tv-z]{26}$/.test(id)) return undefined;
  const standing = await readPrincipalStanding(facts, id);
  if (!standing.live) return undefined;
  const redirects = await listRedirects(db, id);
  if (redirects.length === 0) return undefined;
  return {
    client_id: id,
    application_type: 'native',
    redirect_uris: redirects,
    response_types: ['code'],
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'none',
  };
}
