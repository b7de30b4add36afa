import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Call } from '@surety/contract/call';
import type { Decision, Reason } from '@surety/contract/decision';
import type {
  AuthenticatedCaller,
  BeginResult,
  CallOutcome,
  GuardedSystem,
  GuardHouse,
  Look,
  RequestHead,
  SystemCredential,
  Wait,
} from '@surety/contract/enforcement';
import type { FaultCode } from '@surety/contract/faults';
import type { Effect, Upstream } from '@surety/contract/system';
import { definitionDigest, definitionOf } from '@surety/decision/definition-digest';
import { type AccessTokenVerifier, createAccessTokenVerifier, mintAccessToken } from '@surety/proof/access-token';
import { readAuthorization } from '@surety/proof/authorization-header';
import { verifyDpopProof } from '@surety/proof/dpop';
import { generateSigningKey, publicKeyOf, type SigningKey } from '@surety/proof/jwk';
import { createNonceSource } from '@surety/proof/nonce';
import { ProofError } from '@surety/proof/proof-error';

/** A house as far as a guard can see one: tokens and proofs are checked for true, decisions are as the test says. */
export type ScriptedHouse = GuardHouse & {
  readonly issuer: string;
  readonly systems: Map<string, GuardedSystem>;
  readonly begun: { readonly caller: AuthenticatedCaller; readonly call: Call }[];
  readonly admitted: AuthenticatedCaller[];
  readonly settled: { readonly actionId: string; readonly outcome: CallOutcome; readonly look: Look | undefined }[];
  /** What was seen outside of answers. */
  readonly seen: { readonly system: string; readonly operation: string; readonly look: Look }[];
  /** What `begin` answers; permits everything unless told otherwise. */
  decide: (caller: AuthenticatedCaller, call: Call, wait: Wait) => BeginResult | Promise<BeginResult>;
  /** Runs before an outcome is durable. */
  onSettle: () => Promise<void>;
  /** Runs before what was seen outside of an answer is durable. */
  onNote: () => Promise<void>;
  isFresh: boolean;
  hidden: Set<string>;
  /** Names of systems that a guard saw describe themselves otherwise. */
  readonly noticed: string[];
  /** These are the definitions that a person has looked at. */
  look(system: string, tools: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[]): void;
  credentials: Map<string, SystemCredential>;
  addSystem(
    name: string,
    upstream: Upstream,
    operations: readonly string[],
    credential?: { readonly name: string; readonly value: string },
  ): GuardedSystem;
  mint(principal: string, jkt: string, audience: string, lifeSeconds?: number): string;
  /** The kill switch: ends the principal, and cuts what it has under way. */
  stop(principal: string): void;
};

const fault = (code: FaultCode): Error => Object.assign(new Error(code), { code });

const faultOfProof: Readonly<Partial<Record<ProofError['code'], FaultCode>>> = {
  'authorization.missing': 'token.missing',
  'authorization.bearer': 'token.not_bound',
  'authorization.invalid': 'token.invalid',
  'access_token.invalid': 'token.invalid',
  'access_token.expired': 'token.invalid',
  'dpop.nonce_required': 'dpop.nonce_required',
};

export function createScriptedHouse(issuer: string): ScriptedHouse {
  const signingKey = generateSigningKey();
  const nonces = createNonceSource(Buffer.alloc(32, 7));
  const tokens = createAccessTokenVerifier({
    issuer,
    maxEntries: 1_000,
    keyByKid: (kid) => (kid === signingKey.kid ? publicKeyOf(signingKey) : undefined),
  });
  const spent = new Set<string>();
  const stopped = new Set<string>();
  const watches = new Map<() => void, string>();
  const spend = ({ proofId }: AuthenticatedCaller): boolean => !spent.has(proofId) && spent.add(proofId).size > 0;
  const house: ScriptedHouse = {
    issuer,
    systems: new Map(),
    begun: [],
    admitted: [],
    settled: [],
    decide: () => ({ kind: 'go', actionId: newAction(), decision: decision('permitted', 'permit') }),
    onSettle: async () => {},
    isFresh: true,
    hidden: new Set(),
    noticed: [],
    noticeChange: ({ name }) => house.noticed.push(name),
    look: (name, tools) => {
      const system = house.systems.get(name);
      assert.ok(system);
      const looked = tools.map((tool) => {
        const digest = definitionDigest(definitionOf(tool));
        return [tool.name, { ...plain, name: tool.name, definitionDigest: digest }] as const;
      });
      house.systems.set(name, { ...system, operations: new Map([...system.operations, ...looked]) });
    },
    credentials: new Map(),
    authenticate: async (head) => {
      const caller = authenticate(tokens, nonces, head);
      if (stopped.has(caller.principal)) throw fault('token.ended');
      return caller;
    },
    nonce: () => nonces.issue(Date.now()),
    system: async (name) => house.systems.get(name),
    listable: async (_caller, system) => new Set([...system.operations.keys()].filter((name) => !house.hidden.has(name))),
    admit: async (caller) => {
      if (!spend(caller)) return { ok: false, decision: decision('proof.replayed', 'deny') };
      house.admitted.push(caller);
      return { ok: true };
    },
    begin: async (caller, call, wait) => {
      if (!spend(caller)) return { kind: 'refused', actionId: newAction(), decision: decision('proof.replayed', 'deny') };
      house.begun.push({ caller, call });
      return house.decide(caller, call, wait);
    },
    isLive: (caller) => house.isFresh && !stopped.has(caller.principal),
    onEnd: (caller, _system, cut) => {
      const watch = (): void => cut('stopped');
      watches.set(watch, caller.principal);
      return () => watches.delete(watch);
    },
    systemCredential: async (system) => house.credentials.get(system.id),
    settle: async (actionId, outcome, look) => {
      await house.onSettle();
      house.settled.push({ actionId, outcome, look });
    },
    seen: [],
    noteSeen: async (_caller, { name }, operation, look) => {
      await house.onNote();
      house.seen.push({ system: name, operation, look });
    },
    onNote: async () => {},
    addSystem: (name, upstream, operations, credential) => {
      const place =
        credential === undefined
          ? undefined
          : upstream.kind === 'mcp-http'
            ? ({ kind: 'header', name: credential.name } as const)
            : ({ kind: 'environment', name: credential.name } as const);
      const id = `sys_${name}`;
      const system = {
        id,
        name,
        revision: 1,
        upstream,
        credentialPlace: place,
        labels: ['untrusted'],
        operations: new Map(operations.map((one) => [one, { ...plain, name: one, definitionDigest: one }])),
      };
      house.systems.set(name, system);
      if (place !== undefined && credential !== undefined) house.credentials.set(id, { place, reveal: () => credential.value });
      return system;
    },
    mint: (principal, jkt, audience, lifeSeconds = 300) => mint(signingKey, issuer, { principal, jkt, audience, lifeSeconds }),
    stop: (principal) => {
      stopped.add(principal);
      for (const [watch, watched] of watches) if (watched === principal) watch();
    },
  };
  return house;
}

const plain = { effect: 'write' as Effect, classified: false, labels: [], fields: {}, guards: [] };

export const newAction = (): string => `act_${randomUUID().replaceAll('-', '').slice(0, 26)}`;

export function decision(reason: Reason, outcome: Decision['outcome'], because = 'It is as the test says.'): Decision {
  return { outcome, reason, link: 'mandate', policies: [], because, conditions: [] };
}

function authenticate(
  tokens: AccessTokenVerifier,
  nonces: ReturnType<typeof createNonceSource>,
  head: RequestHead,
): AuthenticatedCaller {
  const now = Date.now();
  try {
    const token = readAuthorization(head.authorization);
    const { claims, hash } = tokens.verify(token, { audience: head.audience, now });
    const proof = verifyDpopProof({
      headerValues: head.dpop,
      method: head.method,
      url: head.url,
      accessTokenHash: hash,
      boundTo: claims.cnf.jkt ?? '',
      now,
      nonce: { required: true, nonces },
    });
    return {
      principal: claims.sub,
      kind: 'agent',
      credential: claims.instance ?? proof.jkt,
      jkt: proof.jkt,
      task: claims.task,
      tokenId: claims.jti,
      issuedAtSeconds: claims.iat,
      expiresAtSeconds: claims.exp,
      proofId: `${proof.jkt} ${proof.jti}`,
      proofIssuedAtSeconds: proof.iat,
    };
  } catch (thrown) {
    if (!(thrown instanceof ProofError)) throw thrown;
    throw fault(faultOfProof[thrown.code] ?? 'dpop.proof_invalid');
  }
}

function mint(
  key: SigningKey,
  issuer: string,
  { principal, jkt, audience, lifeSeconds }: { principal: string; jkt: string; audience: string; lifeSeconds: number },
): string {
  const iat = Math.floor(Date.now() / 1_000);
  const claims = {
    iss: issuer,
    sub: principal,
    client_id: principal,
    aud: audience,
    iat,
    exp: iat + lifeSeconds,
    jti: `tok_${randomUUID()}`,
    scope: 'call',
    sub_profile: 'ai_agent',
    cnf: { jkt },
  } as const;
  return mintAccessToken(key, { ...claims, instance: `crd_${jkt}` });
}
