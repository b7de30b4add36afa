import { benchAppend } from './benches/append.ts';
import { benchDecide } from './benches/decide.ts';
import { benchGateway } from './benches/gateway.ts';
import { benchToken } from './benches/token.ts';
import { benchVerify } from './benches/verify.ts';
import type { Bench } from './harness/plan.ts';

/** Every benchmark, by the name it is run by. */
export const benches: ReadonlyMap<string, { readonly about: string; readonly run: Bench }> = new Map([
  ['token', { about: 'a token issued, against oidc-provider in memory', run: benchToken }],
  ['verify', { about: 'a DPoP-bound access token verified, against jose and oauth4webapi', run: benchVerify }],
  ['decide', { about: 'one decision among many mandates, against cedar-wasm with all in one set', run: benchDecide }],
  ['gateway', { about: 'an MCP call through the guard, against a bare relay and direct', run: benchGateway }],
  ['append', { about: 'entries made durable, against one row a commit', run: benchAppend }],
]);
