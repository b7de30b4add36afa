import { randomBytes } from 'node:crypto';
import type { Call } from '@surety/contract/call';
import type { AuthenticatedCaller, GuardHouse } from '@surety/contract/enforcement';
import { type ExactRecord, readExactJson } from '@surety/contract/exact-json';
import { MandateDocument } from '@surety/contract/mandate';
import { digestCall } from '@surety/decision/call-digest';
import { openCedar } from '@surety/decision/cedar-engine';
import { createNonceSource } from '@surety/proof/nonce';
import { afterAll } from 'vitest';
import { addSystem } from '#catalogue/add-system';
import { classifyOperation } from '#catalogue/classify-operation';
import { openSystemFacts } from '#catalogue/system-facts';
import { openFeed } from '#change/feed';
import { createDecider } from '#decision/decide-call';
import { openAuthorityFacts } from '#delegation/authority-facts';
import { giveMandate } from '#delegation/give-mandate';
import { openTask } from '#delegation/open-task';
import { readMandate } from '#delegation/read-mandate';
import { openFlow } from '#flow/open-flow';
import { systemClock } from '#kernel/clock';
import { openDb, openPool } from '#kernel/db';
import { newId } from '#kernel/id';
import { silentLog } from '#kernel/log';
import { createSealer } from '#keys/seal';
import { openCommitQueue } from '#ledger/commit-queue';
import { openMeters } from '#metering/meters';
import { openPolicyFacts } from '#policy/policy-facts';
import { prepareHouse } from '#policy/prepare-house';
import { openPrincipalFacts } from '#registry/principal-facts';
import { freshName, residents, signed } from '#registry/testing/residents';
import { houseUrl } from '#testing/house';
import { openGuardHouse } from '../guard-house.ts';
import { openInFlight } from '../in-flight.ts';

/** A guard's house over a database of its own, with everything real but the door: callers are made, not authenticated. */
export async function guarded(approvalSeconds = 600) {
  const url = await houseUrl();
  const db = openDb(openPool(url, 10));
  const clock = systemClock;
  await prepareHouse(db, clock);
  const point = { id: newId<string>('point', clock()), name: 'test' };
  const feed = await openFeed({ url, db, pollMs: 50, leaseMs: 2000, point, log: silentLog });
  const queue = openCommitQueue({ url, clock, log: silentLog });
  const sealer = createSealer(randomBytes(32));
  const known = {
    clock,
    feed,
    sealer,
    facts: openPrincipalFacts({ db, feed }),
    policies: openPolicyFacts({ db, feed }),
    systems: openSystemFacts({ db, feed }),
    authority: openAuthorityFacts({ db, feed }),
    flow: openFlow({ db, feed, clock, key: randomBytes(32) }),
  };
  const meters = openMeters({ db, key: randomBytes(32) });
  const decider = createDecider({ ...known, db, meters, engine: openCedar() });
  const authenticator = { authenticate: () => Promise.reject(new Error('callers are made here')), nonce: () => '' };
  const inFlight = openInFlight(feed);
  const room = {
    ...known,
    db,
    queue,
    decider,
    authenticator,
    inFlight,
    nonces: createNonceSource(randomBytes(32)),
    reread: () => undefined,
    log: silentLog,
    point: point.id,
    approvalSeconds,
  };
  const guard: GuardHouse = openGuardHouse(room);
  afterAll(async () => {
    await queue.close();
    await feed.close();
  });
  /** Resolves when this node has heard of everything that was announced. */
  const caughtUp = async () => {
    const { rows } = await db.query<{ newest: number }>('select max(number) as newest from change');
    await feed.waitFor(rows[0]?.newest ?? 0, 5000);
  };
  return {
    ...known,
    url,
    room,
    meters,
    caughtUp,
    db,
    queue,
    guard,
    decider,
    point,
    house: { db, clock },
    ...residents(db, clock),
  };
}

export type Guarded = Awaited<ReturnType<typeof guarded>>;

/**
 * An agent that may refund up to 250 by itself and up to 1000 with a yes, and the calls it makes. Each caller has a proof of
 * its own.
 */
export async function refundAgent({ db, house, human, agent, keyOf, sealer, feed, clock }: Guarded) {
  const owner = await human({ roles: ['owner'] });
  const key = await keyOf(owner.id);
  const describe = async () => ['refund', 'list'].map((name) => ({ name, inputSchema: {}, definition: { name } }));
  const upstream = { kind: 'mcp-http', url: 'https://pay.example/mcp' } as const;
  const system = await addSystem({ db, clock, sealer, describe, allowCommands: false }, owner.id, {
    name: freshName('payments'),
    upstream,
  });
  await classifyOperation(house, owner.id, { system: system.id, operation: 'refund', effect: 'money' });
  const one = await agent({ owner: owner.id, state: 'active' });
  const instance = await keyOf(one.id);
  const give = async (max: string) => {
    const document = MandateDocument.parse({
      agent: one.id,
      purpose: 'Refund orders',
      autonomy: 'act',
      expiresAt: new Date(clock() + 3_600_000).toISOString(),
      permissions: [
        {
          system: system.name,
          actions: ['refund'],
          where: { '/amount': { max } },
          hold: [{ when: { '/amount': { over: '250' } }, because: 'over 250' }],
        },
      ],
    });
    const iat = Math.floor(clock() / 1000);
    const signature = signed(key, 'surety-mandate+jwt', { digest: readMandate({ document }).digest, agent: one.id, iat });
    return giveMandate(house, owner.id, { document, signature });
  };
  await give('1000');
  const task = await db.transaction((tx) =>
    openTask(tx, clock, one.id, { agent: one.id, trigger: 'agent', purpose: 'today', lifetimeSeconds: 3600 }),
  );
  const { rows } = await db.query<{ newest: number }>('select max(number) as newest from change');
  await feed.waitFor(rows[0]?.newest ?? 0, 5000);
  const caller = (): AuthenticatedCaller => {
    const seconds = Math.floor(clock() / 1000);
    return {
      principal: one.id,
      kind: 'agent',
      credential: instance.credential,
      jkt: 'jkt',
      task: task.id,
      tokenId: `tok_${randomBytes(8).toString('hex')}`,
      issuedAtSeconds: seconds + 1,
      expiresAtSeconds: seconds + 300,
      proofId: randomBytes(8).toString('hex'),
      proofIssuedAtSeconds: seconds,
    };
  };
  const call = (text: string, operation = 'refund'): Call => {
    const args = readExactJson(text) as ExactRecord;
    return {
      protocol: 'mcp',
      system: system.name,
      operation,
      arguments: args,
      digest: digestCall({ agent: one.id, system: system.name, operation, arguments: args }),
    };
  };
  return { owner, key, system, agent: one, task, caller, call, give };
}
