import type { Agent } from '@surety/contract/agent';
import type { CredentialId, TaskId } from '@surety/contract/id';
import type { Task } from '@surety/contract/task';
import { publicKeyOf } from '@surety/proof/jwk';
import { createReplayTable } from '@surety/proof/replay-table';
import { createAuthenticator } from '@surety/server/authn/authenticate';
import { createFactCache } from '@surety/server/change/fact-cache';
import { newTask } from '@surety/server/delegation/task';
import type { Verifier } from './calls.ts';
import type { World } from './world.ts';

/**
 * The door of every resource of the house as it is, over facts in memory: the caches are the house's own, and full after
 * the first round. A proof is spent in the replay table; what a durable spend costs is in the benches with a database.
 */
export function ourVerifier(world: World): Verifier {
  const { issuerKey, cutOffs } = world;
  const issuerPublic = publicKeyOf(issuerKey);
  const feed = {
    isFresh: () => true,
    applied: () => 1,
    cutoffOf: (key: string) => cutOffs.get(key),
    cutoffNumberOf: (key: string) => (cutOffs.has(key) ? 2 : undefined),
    onChange: () => () => {},
    catchUp: () => {},
  };
  const known = [...world.agents, world.stopped];
  const agents = new Map(known.map(({ agent }) => [agent.id as string, agent]));
  const credentials = new Map(
    known.map(({ agent, credential, key }) => [
      credential,
      {
        id: credential,
        principal: agent.id,
        jkt: key.jkt,
        jwk: key.publicJwk,
        label: 'key',
        state: 'active' as const,
        createdAt: agent.createdAt,
      },
    ]),
  );
  const cached = <Fact>(facts: ReadonlyMap<string, Fact>) =>
    createFactCache<Fact>({ feed, max: 20_000, load: async (id) => facts.get(id), keysOf: (id) => [id] });
  const tasks = new Map(known.map(({ agent, task, credential }) => [task, [openTask(agent, { task, credential })]]));
  const [agentFacts, humanFacts, credentialFacts, chainFacts] = [
    cached(agents),
    cached(new Map([[world.owner.id as string, world.owner]])),
    cached(credentials),
    cached<readonly Task[]>(tasks),
  ];
  const authenticator = createAuthenticator({
    authority: { chain: (id) => chainFacts.get(id), hasLostMandate: async () => false },
    issuer: world.issuer,
    keyRing: { keyByKid: (kid) => (kid === issuerKey.kid ? issuerPublic : undefined), nonceSecret: world.nonceSecret },
    feed,
    facts: {
      agent: (id) => agentFacts.get(id),
      human: (id) => humanFacts.get(id),
      workload: async () => undefined,
      credential: (id) => credentialFacts.get(id),
    },
    clock: Date.now,
  });
  const replays = createReplayTable({ capacity: 200_000 });
  return {
    name: 'ours',
    verify: async ({ head }) => {
      const { jkt, proofId } = await authenticator.authenticate(head);
      if (replays.spend(jkt, proofId, Date.now()) !== true) throw new Error('the proof was used before');
    },
  };
}

function openTask(
  { id: agent, owner: answerable, purpose }: Agent,
  { task, credential }: { task: string; credential: string },
): Task {
  const opened = newTask({ agent, answerable, purpose, lifetimeSeconds: 3_600, instance: credential }, Date.now());
  return { ...opened, id: task as TaskId, root: task as TaskId, instance: credential as CredentialId };
}
