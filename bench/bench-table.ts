import { benchAppend } from './benches/append.ts';
import { benchAuthzen } from './benches/authzen.ts';
import { benchDecide } from './benches/decide.ts';
import { benchEffect } from './benches/effect.ts';
import { benchGateway } from './benches/gateway.ts';
import { benchToken } from './benches/token.ts';
import { benchVerify } from './benches/verify.ts';
import type { Bench } from './harness/plan.ts';

/** Every benchmark, by the name it is run by. */
export const benches: ReadonlyMap<string, { readonly about: string; readonly run: Bench }> = new Map([
  ['token', { about: 'a token issued, against oidc-provider in memory', run: benchToken }],
  ['verify', { about: 'a DPoP-bound access token verified, against jose and oauth4webapi', run: benchVerify }],
  ['decide', { about: 'one decision among many mandates, against cedar-wasm with all in one set', run: benchDecide }],
  ['authzen', { about: 'a decision over HTTP, against an echo that decides nothing', run: benchAuthzen }],
  ['gateway', { about: 'an MCP call through the guard, against a bare relay and direct', run: benchGateway }],
  ['effect', { about: 'recorded attacks on real agents: what is stopped, what benign work costs', run: benchEffect }],
  ['append', { about: 'entries made durable, against one row a commit', run: benchAppend }],
]);
