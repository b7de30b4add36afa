import { setImmediate as breathe } from 'node:timers/promises';
import type { Agent } from '@surety/contract/agent';
import type { Role } from '@surety/contract/authority-routes';
import type { Human } from '@surety/contract/human';
import type { PairChange, PolicyEffect, Reach } from '@surety/contract/lab';
import type { OperationFacts, Standing } from '@surety/decision/call-facts';
import { compileMandate } from '@surety/decision/compile-mandate';
import { couldPermit } from '@surety/decision/could-permit';
import { prepareMandate, prepareMay, prepareOrganisation, prepareRole } from '@surety/decision/policy-set';
import { openSurePolicies, surelyPermits } from '@surety/decision/surely-permits';
import { listSystems, type StoredSystem } from '#catalogue/system-store';
import type { MandateFact } from '#delegation/authority-facts';
import type { Tx } from '#kernel/db';
import { findPolicy } from '#policy/policy-store';
import { listRoles } from '#policy/role-store';
import { countActiveAgents, pageActiveAgents } from '#registry/agent-store';
import { findHuman } from '#registry/human-store';
import type { LabRoom } from './lab-room.ts';
import { type Substitute, substitute } from './prepare-change.ts';

type Pairs = PolicyEffect['pairs'];

const maxTold = 500;
/** Changes that are counted at most. */
const maxKept = 50_000;
const pageSize = 500;
/** A role as it is heard: of those who answer for an agent, or of those who ask it. */
type Asking = PairChange['asks'];

/**
 * What every live agent could do on every protected system, now and then: by itself, and when its owner asks it. Exact where
 * neither arguments nor hours matter; else it says that it depends. Stops when its time is over.
 */
export async function comparePairs(room: LabRoom, proposed: Substitute, seconds: number): Promise<Pairs> {
  const startedAt = performance.now();
  const { db } = room;
  const [agents, systems, roles] = await Promise.all([countActiveAgents(db), listSystems(db), listRoles(db)]);
  const weigh = await openScales(room, { roles, systems });
  const changes: PairChange[] = [];
  const isOver = (): boolean => performance.now() - startedAt >= seconds * 1000;
  let looked = 0;
  let complete = true;
  let page = await pageActiveAgents(db, '', pageSize);
  for (; page.length > 0 && !isOver(); page = await pageActiveAgents(db, page.at(-1)?.id ?? '', pageSize)) {
    const owners = await ownersOf(db, page);
    for (const agent of page) {
      if (isOver()) {
        complete = false;
        break;
      }
      const mandate = await room.authority.mandate(agent.id);
      if (mandate === undefined && proposed.mandate?.agent !== agent.id) continue;
      const found = weigh({ agent, owner: owners.get(agent.owner), mandate }, proposed);
      looked += found.looked;
      if (changes.length < maxKept) changes.push(...found.changes);
      await breathe();
    }
  }
  complete &&= page.length === 0;
  const losses = changes.filter(({ before, after }) => rank[after] < rank[before]);
  const gains = changes.filter(({ before, after }) => rank[after] > rank[before]);
  return {
    agents,
    operations: systems.reduce((sum, { operations }) => sum + operations.length, 0),
    looked,
    complete,
    gains: gains.length,
    losses: losses.length,
    changes: [...losses, ...gains].slice(0, maxTold),
  };
}

const rank: Readonly<Record<Reach, number>> = { no: 0, depends: 1, yes: 2 };

async function ownersOf(db: Tx, agents: readonly Agent[]): Promise<ReadonlyMap<string, Human>> {
  const ids = [...new Set(agents.map(({ owner }) => owner))];
  const humans = await Promise.all(ids.map((id) => findHuman(db, id)));
  return new Map(humans.flatMap((human) => (human === undefined ? [] : [[human.id as string, human] as const])));
}

type Known = {
  readonly roles: readonly Role[];
  readonly systems: readonly StoredSystem[];
};

type Weighed = { readonly agent: Agent; readonly owner: Human | undefined; readonly mandate: MandateFact | undefined };

/** What one agent can reach, before and after. Every document is compiled once. */
async function openScales({ db, engine, clock }: LabRoom, known: Known) {
  const policy = await findPolicy(db);
  const organisation = policy && { version: policy.version, policies: prepareOrganisation(engine, policy.text) };
  const prepared = known.roles.map(({ name, revision, document: { answersFor, may = '' } }) => {
    const sides = { agent: prepareRole(engine, { name, text: answersFor }), owner: prepareMay(engine, { name, text: may }) };
    return [name, { revision, sides }] as const;
  });
  const roles = new Map(prepared);
  const sure = openSurePolicies(engine);
  const nowMs = clock();

  const standingOf = ({ agent, owner, mandate }: Weighed, asks: Asking): Standing => {
    const requester = asks === 'owner' ? agent.owner : agent.id;
    const rest = { trigger: asks === 'owner' ? ('human' as const) : ('agent' as const), state: 'open' as const };
    const place = { parent: null, root: 'proposed', depth: 0, hop: null };
    return {
      nowMs,
      isFresh: true,
      agent,
      owner,
      task: { id: 'proposed', agent: agent.id, requester, expiresAtMs: nowMs + 60_000, ...rest, ...place },
      system: undefined,
      mandate: mandate && { ...mandate, policies: compiled(mandate) },
      chain: [],
      requester: asks === 'owner' ? owner : undefined,
      roles: (owner?.roles ?? []).flatMap((name) => {
        const role = roles.get(name);
        return role === undefined ? [] : [{ name, revision: role.revision, policies: role.sides[asks] }];
      }),
      organisation,
    };
  };

  const compiled = ({ id, document, signatureHolds }: MandateFact) => {
    const result = signatureHolds ? compileMandate({ id, document }) : undefined;
    return result?.ok ? prepareMandate(engine, result.mandate) : undefined;
  };

  const reachOf = (standing: Standing, operations: readonly OperationFacts[]): ReadonlyMap<string, Reach> => {
    const possible = couldPermit(standing, operations, engine);
    const certain = surelyPermits(
      standing,
      operations.filter(({ name }) => possible.has(name)),
      { engine, sure },
    );
    return new Map([...possible].map((name) => [name, certain.has(name) ? 'yes' : 'depends']));
  };

  return (weighed: Weighed, proposed: Substitute) => {
    const { agent } = weighed;
    const changes: PairChange[] = [];
    let looked = 0;
    for (const asks of ['agent', 'owner'] as const) {
      const standing = standingOf(weighed, asks);
      for (const { id, name, revision, operations } of known.systems) {
        const here = { ...standing, system: { id, name, revision } };
        const offered = operations.filter(({ effectBy }) => effectBy !== 'nobody');
        const [reachBefore, reachAfter] = [reachOf(here, offered), reachOf(substitute(here, proposed), offered)];
        looked += offered.length;
        for (const operation of offered) {
          const [before, after] = [reachBefore.get(operation.name) ?? 'no', reachAfter.get(operation.name) ?? 'no'];
          if (before === after) continue;
          const pair = { agent: agent.id, agentName: agent.name, system: name, operation: operation.name };
          changes.push({ ...pair, effect: operation.effect, asks, before, after });
        }
      }
    }
    return { changes, looked };
  };
}
