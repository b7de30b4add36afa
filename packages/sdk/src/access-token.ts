export type Fetch = typeof globalThis.fetch;

/** An access token for one resource (RFC 8707), bound to the key. Milliseconds since the epoch. */
export type AccessToken = { readonly value: string; readonly resource: string; readonly expiresAtMs: number };
