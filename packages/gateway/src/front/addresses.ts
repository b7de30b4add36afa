import { Name } from '@surety/contract/id';

/** What a path of ours names: the guarded endpoint of a system, or the document that says how to get a token for it. */
export type Place = { readonly kind: 'mcp' | 'metadata'; readonly system: string };

/** Every address the guard answers at or hands out, computed from the configured public URL and never from a request. */
export type Addresses = {
  readonly publicUrl: string;
  /** The RFC 8707 resource of a system: the `aud` of its tokens and the `htu` of its proofs. */
  resource(system: string): string;
  /** Where the RFC 9728 document of a system is. */
  metadataUrl(system: string): string;
  place(requestTarget: string): Place | undefined;
};

const metadataRoot = '/.well-known/oauth-protected-resource';

/**
 * Addresses under one public URL, which may carry a path. The document of `<origin>/p/mcp/x` is at
 * `<origin>/.well-known/oauth-protected-resource/p/mcp/x` (RFC 9728 §3.1).
 */
export function addressesAt(publicUrl: string): Addresses {
  const { origin, pathname } = new URL(publicUrl);
  const mcpRoot = `${pathname.replace(/\/+$/, '')}/mcp/`;
  return {
    publicUrl: origin + mcpRoot.slice(0, -'/mcp/'.length),
    resource: (system) => origin + mcpRoot + system,
    metadataUrl: (system) => origin + metadataRoot + mcpRoot + system,
    place: (requestTarget) => {
      const query = requestTarget.indexOf('?');
      const path = query === -1 ? requestTarget : requestTarget.slice(0, query);
      return named('mcp', path, mcpRoot) ?? named('metadata', path, metadataRoot + mcpRoot);
    },
  };
}

function named(kind: Place['kind'], path: string, root: string): Place | undefined {
  if (!path.startsWith(root)) return undefined;
  const system = path.slice(root.length);
  return Name.safeParse(system).success ? { kind, system } : undefined;
}
