import { createHmac, generateKeyPairSync } from 'node:crypto';
import { type Configuration, errors, interactionPolicy, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { Fault } from '#kernel/fault';
import { errorFields } from '#kernel/log';
import { signInClass } from '#signin/authentication-claims';
import { pageHeaders } from '#signin/render-page';
import { problemPage } from '#signin/signin-pages';
import { readDetails } from '../read-details.ts';
import type { InteractiveRoom } from './interactive-room.ts';
import { openEngineStore } from './engine-store.ts';
import { findBrowserClient } from './browser-client.ts';
import { findSystem } from './find-system.ts';

/** How long each thing that the engine keeps is good, in seconds. */
const ttl = { AuthorizationCode: 60, Grant: 600, Interaction: 1_800, Session: 1_800, PushedAuthorizationRequest: 60 };

const { Check, Prompt } = interactionPolicy;

/**
 * The engine of the interactive half: requests, pushed requests, redirects, PKCE (S256 alone) and codes. It
 * authenticates no client, issues no token and knows nobody: our endpoint, our grants and our sessions do. Every request
 * ends on our consent page.
 */
export function openEngine(room: InteractiveRoom): Provider {
  const provider = new Provider(room.issuer, configurationOf(room));
  provider.proxy = true; // how the browser came is said by our own handler, in fields that it overwrites
  provider.on('server_error', (_ctx: unknown, thrown: unknown) => room.log.error(errorFields(thrown), 'authorization broke'));
  return provider;
}

function configurationOf(room: InteractiveRoom): Configuration {
  const cookie = { httpOnly: true, sameSite: 'lax', signed: true } as const;
  return {
    adapter: openEngineStore({ ...room, findClient: (id) => findBrowserClient(room, id) }),
    jwks: { keys: [unusedKey()] },
    clientAuthMethods: ['none'],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    responseTypes: ['code'],
    scopes: ['call'],
    acrValues: [signInClass],
    pkce: { required: () => true },
    routes: { authorization: '/authorize', pushed_authorization_request: '/par' },
    cookies: {
      keys: [createHmac('sha256', room.secret).update('cookies|1').digest('base64url')],
      names: { interaction: 'surety_asked', resume: 'surety_resumes', session: 'surety_engine' },
      short: cookie,
      long: cookie,
    },
    ttl,
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      dPoP: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => Promise.reject(new errors.InvalidTarget('name the system in resource')),
        getResourceServerInfo: async (_ctx, resource) => {
          await orEngineError(findSystem(room, resource));
          return { scope: 'call', audience: resource, accessTokenFormat: 'opaque' };
        },
      },
    },
    extraParams: {
      signed_in_by: async (_ctx: unknown, value: string | undefined) => checkClass(value),
      purpose: async (_ctx: unknown, value: string | undefined) => checkPurpose(value),
      signed_in_within: async (_ctx: unknown, value: string | undefined) => {
        if (value !== undefined && !/^\d{1,9}$/.test(value)) throw new errors.InvalidRequest('max_age is a number of seconds');
      },
      authorization_details: async (_ctx: unknown, value: string | undefined) => {
        if (value !== undefined) await orEngineError(readDetails(room, value));
      },
    },
    interactions: { policy: [everyTime('login'), everyTime('consent')], url: (_ctx, { uid }) => `/consent/${uid}` },
    findAccount: async (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    expiresWithSession: async () => false,
    renderError,
  };
}

/** A step that nothing remembered takes the place of: who asks, and for what, is decided by a person each time. */
function everyTime(name: 'login' | 'consent') {
  const check = (ctx: KoaContextWithOIDC) => ctx.oidc.result?.[name] === undefined;
  return new Prompt({ name, requestable: true }, new Check(`${name}_asked`, 'a person is asked', `${name}_required`, check));
}

/** RFC 9470 §5: any of what is asked for will do, and there is one that we have. */
function checkClass(value: string | undefined): void {
  if (value !== undefined && !value.split(' ').includes(signInClass))
    throw new errors.UnmetAuthenticationRequirements('people sign in here by a passkey with user verification: phr');
}

function checkPurpose(value: string | undefined): void {
  if (value === undefined) return;
  if (value.length > 500 || /[\p{Cc}\p{Cf}]/u.test(value))
    throw new errors.InvalidRequest('purpose is at most 500 visible characters');
}

/** Our fault about a parameter, as the error that the engine sends to the client. */
async function orEngineError<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'resource.unknown') throw new errors.InvalidTarget('no system of this house');
    if (thrown instanceof Fault && thrown.code === 'details.invalid')
      throw new errors.InvalidAuthorizationDetails('a list of agent_action about systems of this house');
    throw thrown;
  }
}

/** What cannot be told to the client is told to the person, without a word of what the request said. */
const renderError: Configuration['renderError'] = async (ctx, { error }) => {
  const { status } = ctx;
  const next =
    error === 'server_error'
      ? 'Something broke on our side. Try again from the program that sent you here.'
      : 'What sent you here is not known to this server, has expired, or asks in a way that is not accepted. Start again from the program that sent you here; nothing was agreed to.';
  const page = problemPage(status, 'This request cannot go on', next);
  for (const [name, value] of Object.entries({ ...pageHeaders(), ...page.headers })) ctx.set(name, value);
  ctx.body = page.body;
};

/** The engine wants a key at hand. It signs nothing. */
function unusedKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'unused' };
}
