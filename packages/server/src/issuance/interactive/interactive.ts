import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Sealer } from '#keys/seal';

/** A code as it was given out. `dpopJkt`: the only key it may be redeemed with, when the client said so (RFC 9449 §10). */
export type Code = {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly codeChallenge: string;
  readonly consent: string;
  readonly dpopJkt: string | undefined;
  readonly expiresAtMs: number;
  /** When the person who agreed signed in, in seconds since the epoch. */
  readonly authTime: number;
};

/** The interactive half of issuance: what people see, and what the token endpoint asks of it. */
export type Interactive = {
  /** Whether a path is one of a page, or of the authorization endpoint. */
  has(path: string): boolean;
  /** Answers for those paths; always, and never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Hands a pushed request whose client is known to the engine, which answers (RFC 9126 §2). */
  push(parameters: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** A code, also one that has expired; undefined for what never was one, or was long ago. */
  findCode(code: string): Promise<Code | undefined>;
  /** Seals refresh tokens. */
  readonly sealer: Sealer;
};
