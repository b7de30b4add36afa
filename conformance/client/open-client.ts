import { type Served, serveFetch } from '@surety/gateway/testing/serve-fetch';
import { actAsClient, type Part } from './act-as-client.ts';

/** The other scenarios of a suite are about the MCP client that stands under it, which is not ours. */
export function isOurs(scenario: string): boolean {
  return scenario.startsWith('auth/');
}

/** The client, waiting for scenarios: one process for all of them. Answers 204 when it came through, otherwise why it did not. */
export function openClient(): Promise<Served> {
  return serveFetch(async (request) => {
    const { url, ...part } = (await request.json()) as Omit<Part, 'url'> & { readonly url: string };
    try {
      if (isOurs(part.scenario)) await actAsClient({ ...part, url: new URL(url) });
      return new Response(null, { status: 204 });
    } catch (thrown) {
      return new Response(thrown instanceof Error ? `${thrown.name}: ${thrown.message}\n` : String(thrown), { status: 500 });
    }
  });
}
