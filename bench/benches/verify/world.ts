import { Agent } from '@surety/contract/agent';
import { Human } from '@surety/contract/human';
import { type AccessTokenClaims, mintAccessToken } from '@surety/proof/access-token';
import { generateSigningKey, publicKeyOf, type SigningKey } from '@surety/proof/jwk';
import { createNonceSource, type NonceSource } from '@surety/proof/nonce';
import { nowSeconds } from '../../load/sign.ts';

/** An agent with its one key. */
export type KnownAgent = { readonly agent: Agent; readonly credential: string; readonly task: string; readonly key: SigningKey };

/** A token as it was issued, and to whom. */
export type SignedToken = { readonly holder: KnownAgent; readonly token: string; readonly claims: AccessTokenClaims };

/** A house in memory: its keys, its people and agents, and what was cut off. Every party verifies against the same one. */
export type World = {
  readonly issuer: string;
  /** The protected system: where calls go and whom tokens are for. */
  readonly resource: string;
  readonly issuerKey: SigningKey;
  readonly nonceSecret: Buffer;
  readonly nonces: NonceSource;
  readonly owner: Human;
  readonly agents: readonly KnownAgent[];
  agentAt(place: number): KnownAgent;
  /** Instants in milliseconds by key: what was issued for it at or before is dead. */
  readonly cutOffs: ReadonlyMap<string, number>;
  /** One of `agents` that was stopped. */
  readonly stopped: KnownAgent;
  signToken(holder: KnownAgent, changes?: Partial<AccessTokenClaims>, key?: SigningKey): SignedToken;
};

const agentCount = 100;

export async function openWorld(): Promise<World> {
  const issuer = 'https://surety.example';
  const resource = 'https://gateway.example/mcp/crm';
  const issuerKey = generateSigningKey();
  publicKeyOf(issuerKey);
  const owner = Human.parse({
    id: idOf('hum', 0),
    name: 'maya',
    displayName: 'Maya',
    title: 'Head of support',
    groups: [],
    roles: ['owner'],
    state: 'active',
    revision: 1,
    createdAt: '2026-01-01T00:00:00Z',
  });
  const known = Array.from({ length: agentCount + 1 }, (_, at) => knownAgent(at, owner.id));
  const stopped = known[agentCount];
  if (stopped === undefined) throw new Error('there are no agents');
  const agents = known.slice(0, agentCount);
  const nonceSecret = Buffer.alloc(32, 7);
  const agentAt = (place: number): KnownAgent => agents[place % agentCount] ?? stopped;
  let tokens = 0;
  const signToken = (holder: KnownAgent, changes: Partial<AccessTokenClaims> = {}, key = issuerKey): SignedToken => {
    const iat = nowSeconds();
    const claims: AccessTokenClaims = {
      iss: issuer,
      sub: holder.agent.id,
      client_id: holder.agent.id,
      aud: resource,
      iat,
      exp: iat + 300,
      jti: idOf('tok', tokens++),
      scope: 'call',
      sub_profile: 'ai_agent',
      instance: holder.credential,
      task: holder.task,
      change: 1,
      cnf: { jkt: holder.key.jkt },
      ...changes,
    };
    return { holder, claims, token: mintAccessToken(key, claims) };
  };
  const cutOffs = new Map([[stopped.agent.id, Date.now() + 86_400_000]]);
  return {
    issuer,
    resource,
    issuerKey,
    nonceSecret,
    nonces: createNonceSource(nonceSecret),
    owner,
    agents,
    agentAt,
    cutOffs,
    stopped,
    signToken,
  };
}

function knownAgent(at: number, owner: string): KnownAgent {
  const agent = Agent.parse({
    id: idOf('agt', at),
    name: `agent-${at}`,
    displayName: `Agent ${at}`,
    purpose: 'Looks up what customers ask',
    owner,
    deputies: [],
    riskTier: 'medium',
    autonomy: 'act_within_limits',
    manifest: {},
    state: 'active',
    revision: 1,
    createdAt: '2026-01-01T00:00:00Z',
  });
  return { agent, credential: idOf('crd', at), task: idOf('tsk', at), key: generateSigningKey() };
}

function idOf(prefix: string, at: number): string {
  return `${prefix}_${String(at).padStart(26, '0')}`;
}
