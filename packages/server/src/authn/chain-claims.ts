import type { Task } from '@surety/contract/task';
import type { AccessTokenClaims, ActClaim, SubjectProfile } from '@surety/proof/access-token';
import { kindOf, type PrincipalKind } from '#registry/principal';

/** What a token says of the kind of a principal (Entity Profiles). */
export const profiles: Readonly<Record<PrincipalKind, SubjectProfile>> = {
  agent: 'ai_agent',
  workload: 'service',
  human: 'user',
};

/** The claims of a token that say for whom and through whom its client acts (RFC 8693 §4.1, actor profile). */
export type ChainClaims = Pick<AccessTokenClaims, 'sub' | 'sub_profile'> & { readonly act?: ActClaim };

/**
 * Subject and actors of a chain, root first, as the tree of tasks has it. The subject is the person who asked, or else the
 * agent at the root; then everyone who acts, the current actor outermost.
 */
export function chainClaims(issuer: string, chain: readonly Task[]): ChainClaims {
  const [subject = '', ...actors] = partiesOf(chain);
  const act = actors.reduce<ActClaim | undefined>(
    (earlier, sub) => ({ iss: issuer, sub, sub_profile: profileOf(sub), ...(earlier === undefined ? {} : { act: earlier }) }),
    undefined,
  );
  return { sub: subject, sub_profile: profileOf(subject), ...(act === undefined ? {} : { act }) };
}

/** Whether a token names exactly the parties of a stored chain, in their order, and its client as the last. */
export function namesChain(claims: AccessTokenClaims, chain: readonly Task[]): boolean {
  const { sub, act } = chainClaims(claims.iss, chain);
  return claims.sub === sub && claims.client_id === chain.at(-1)?.agent && isSameActor(claims.act, act);
}

function isSameActor(one: ActClaim | undefined, other: ActClaim | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.iss === other.iss && one.sub === other.sub && isSameActor(one.act, other.act);
}

/** Everyone in a chain, from the root on. */
function partiesOf(chain: readonly Task[]): readonly string[] {
  const root = chain[0];
  const human = root !== undefined && kindOf(root.requester) === 'human' ? [root.requester] : [];
  return [...human, ...chain.map(({ agent }) => agent)];
}

function profileOf(id: string): SubjectProfile {
  return profiles[kindOf(id) ?? 'agent'];
}
