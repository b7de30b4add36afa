const form = /^spiffe:\/\/([A-Za-z0-9._-]{1,255})((?:\/[A-Za-z0-9._-]+)+)$/;

/**
 * A SPIFFE id of a workload (SPIFFE-ID §2): trust domain in lower case, path as it is. Undefined for anything else: an
 * id of a trust domain alone, empty or dot segments, a slash at the end, other characters.
 */
export function readSpiffeId(
  text: string,
): { readonly id: string; readonly trustDomain: string; readonly path: string } | undefined {
  const [, domain, path] = form.exec(text) ?? [];
  if (domain === undefined || path === undefined || text.length > 500) return undefined;
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) return undefined;
  const trustDomain = `spiffe://${domain.toLowerCase()}`;
  return { id: trustDomain + path, trustDomain, path };
}
