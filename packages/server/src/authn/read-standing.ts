import type { Feed } from '#change/feed';
import type { PrincipalFacts } from '#registry/principal-facts';
import { kindOf, type Principal, type PrincipalKind } from '#registry/principal';

/** The facts that standing is read from. */
export type StandingFacts = Pick<PrincipalFacts, 'agent' | 'human' | 'workload' | 'credential'>;

/** Whether a principal may act now, and if not, why, in words for operators. */
export type Standing =
  | {
      readonly live: true;
      readonly principal: Principal;
      /** Who answers for it; a human answers alone. */ readonly owner: string | undefined;
    }
  | { readonly live: false; readonly why: string };

/**
 * Whether a principal and one of its credentials are active, and for an agent or workload also the person who answers for
 * it.
 */
export async function readStanding(facts: StandingFacts, principalId: string, credentialId: string): Promise<Standing> {
  const credential = await facts.credential(credentialId);
  if (credential?.principal !== principalId || credential.state !== 'active') return dead('the credential is not active');
  return readPrincipalStanding(facts, principalId);
}

/** Whether a principal is active, and for an agent or workload also the person who answers for it. */
export async function readPrincipalStanding(facts: StandingFacts, principalId: string): Promise<Standing> {
  const principal = await readPrincipal(facts, principalId);
  if (principal === undefined) return dead('the principal is not known');
  if (principal.one.state !== 'active') return dead('the principal is not active');
  if (principal.kind === 'human') return { live: true, principal, owner: undefined };
  const { owner } = principal.one;
  const answers = (await facts.human(owner))?.state === 'active';
  return answers ? { live: true, principal, owner } : dead('the person who answers for it is not active');
}

/**
 * How much the clock of a node may run ahead of the database's, in milliseconds. A cut-off is dated by the one, a token by
 * the other: what seems to be issued this shortly after a cut-off may have been issued before it.
 */
const clockDifferenceMs = 10_000;

/** What was issued to a principal at or before this is dead, in ms since the epoch: after its own cut-off or its owner's. */
export function newestCutoff(
  feed: Pick<Feed, 'cutoffOf'>,
  { principal, owner }: { readonly live?: true; readonly principal: Principal; readonly owner: string | undefined },
): number {
  const cutoffs = [principal.one.id, ...(owner === undefined ? [] : [owner])].map(
    (key) => feed.cutoffOf(key) ?? Number.NEGATIVE_INFINITY,
  );
  return Math.max(...cutoffs) + clockDifferenceMs;
}

/**
 * Whether a principal or its owner was cut off by a change that whoever issued something did not know yet: then it is dead.
 * Number order is commit order, so this holds where clocks do not.
 */
export function isCutSince(
  feed: Pick<Feed, 'cutoffNumberOf'>,
  { principal, owner }: { readonly principal: Principal; readonly owner: string | undefined },
  change: number,
): boolean {
  const number = Math.max(
    feed.cutoffNumberOf(principal.one.id) ?? 0,
    owner === undefined ? 0 : (feed.cutoffNumberOf(owner) ?? 0),
  );
  return number > change;
}

async function readPrincipal(facts: StandingFacts, id: string): Promise<Principal | undefined> {
  const kind = kindOf(id);
  if (kind === 'human') return named(kind, await facts.human(id));
  if (kind === 'workload') return named(kind, await facts.workload(id));
  return kind === 'agent' ? named(kind, await facts.agent(id)) : undefined;
}

function named<Kind extends PrincipalKind, One>(kind: Kind, one: One | undefined): { kind: Kind; one: One } | undefined {
  return one && { kind, one };
}

function dead(why: string): Standing {
  return { live: false, why };
}
