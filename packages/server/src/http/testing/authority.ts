import { randomBytes } from 'node:crypto';
import { generateSigningKey, type SigningKey } from '@surety/proof/jwk';
import { type Authenticator, createAuthenticator } from '#authn/authenticate';
import type { CertificateReader } from '#authn/client-certificate';
import { addSystem } from '#catalogue/add-system';
import { openSystemFacts } from '#catalogue/system-facts';
import { findNewestNumber } from '#change/change-store';
import { type Feed, openFeed } from '#change/feed';
import { createPermit } from '#decision/permit-api';
import { openAuthorityFacts } from '#delegation/authority-facts';
import { delegationRoutes } from '#delegation/delegation-routes';
import { federationRoutes } from '#federation/federation-routes';
import type { ResolveHost } from '#federation/fetch-document';
import { openIssuance } from '#issuance/open-issuance';
import type { AnyAnswer } from '#kernel/answer';
import { type Db, openDb, openPool } from '#kernel/db';
import { newId } from '#kernel/id';
import { type Log, silentLog } from '#kernel/log';
import { type KeyRing, openKeyRing } from '#keys/key-ring';
import { readHouseSecret } from '#keys/house-secret';
import { createSealer, type Sealer } from '#keys/seal';
import { type CommitQueue, openCommitQueue } from '#ledger/commit-queue';
import { addHuman } from '#registry/add-human';
import { enrolKey } from '#registry/enrol-key';
import { countHumans } from '#registry/human-store';
import { moveAgent } from '#registry/move-agent';
import { moveWorkload } from '#registry/move-workload';
import { openEnrolment } from '#registry/open-enrolment';
import { openPrincipalFacts, type PrincipalFacts } from '#registry/principal-facts';
import { registerAgent } from '#registry/register-agent';
import { registerWorkload } from '#registry/register-workload';
import { registryRoutes } from '#registry/registry-routes';
import { openSignInDemands } from '#signin/sign-in-demands';
import { signinRoutes } from '#signin/signin-routes';
import { houseUrl } from '#testing/house';
import { buildHall } from '../hall.ts';
import { type Door, openDoor } from '../open-door.ts';
import type { Principal } from './client.ts';

/** One node of an authorization server with its API, whole, on a real port. */
export type AuthorityNode = {
  readonly url: string;
  readonly door: Door;
  readonly feed: Feed;
  readonly queue: CommitQueue;
  readonly keyRing: KeyRing;
  readonly facts: PrincipalFacts;
  readonly authenticator: Authenticator;
  close(): Promise<void>;
};

export type Authority = {
  readonly issuer: string;
  readonly gatewayUrl: string;
  readonly databaseUrl: string;
  readonly db: Db;
  readonly sealer: Sealer;
  /** The clock of every node: real, moved by what a test says. */
  readonly clock: (() => number) & { moveMs: number };
  readonly nodes: readonly AuthorityNode[];
  /** An administrator, without a key. */
  readonly admin: string;
  human(roles?: readonly string[]): Promise<Principal>;
  agent(options?: { readonly owner?: string; readonly activate?: boolean }): Promise<Principal>;
  workload(): Promise<Principal>;
  enrol(principal: string, key?: SigningKey): Promise<{ readonly credential: string; readonly key: SigningKey }>;
  system(name: string): Promise<string>;
  /** The work is done and every node has heard of it. */
  settled<Result>(work: Promise<Result>): Promise<Result>;
  count(type: string, about: string): Promise<number>;
  close(): Promise<void>;
};

export type AuthorityOptions = {
  readonly nodes?: number;
  readonly answers?: readonly AnyAnswer[];
  readonly log?: Log;
  readonly accessTokenSeconds?: number;
  /** The certificate of a connection; never one, by default. */
  readonly certificateOf?: CertificateReader;
  /** Whether clients may register themselves; not by default. */
  readonly registersClients?: boolean;
  /** Whether keys of issuers may come from plain http on this computer; so by default. */
  readonly allowLoopback?: boolean;
  /** The name server that is asked for the hosts of issuers. */
  readonly resolve?: ResolveHost;
};

/** Starts an authorization server of real parts on a house of its own. The public address of every node is the first one's. */
export async function openAuthority(options: AuthorityOptions = {}): Promise<Authority> {
  const databaseUrl = await houseUrl();
  const pool = openPool(databaseUrl, 10);
  const db = openDb(pool);
  const sealer = createSealer(randomBytes(32));
  const clock = Object.assign(() => Date.now() + clock.moveMs, { moveMs: 0 });
  const doors = await Promise.all(Array.from({ length: options.nodes ?? 1 }, () => openDoor({ host: '127.0.0.1', port: 0 })));
  const issuer = `http://127.0.0.1:${doors[0]?.port}`;
  const gatewayUrl = 'http://127.0.0.1:7071';
  const nodes = await Promise.all(
    doors.map((door) => openNode(door, { databaseUrl, db, sealer, clock, issuer, gatewayUrl, options })),
  );
  const house = { db, clock };
  const name = () => `p-${randomBytes(6).toString('hex')}`;
  const person = (roles: readonly string[]) =>
    addHuman(house, 'house', { name: name(), displayName: 'A Person', title: '', groups: [], roles });
  const admin = (await person(['administrator'])).id;
  const settle = async () => {
    const newest = await findNewestNumber(db);
    for (const { feed } of nodes) if (!(await feed.waitFor(newest, 5_000))) throw new Error('a node did not hear of a change');
  };
  const settled = async <Result>(work: Promise<Result>): Promise<Result> => {
    const result = await work;
    await settle();
    return result;
  };
  const enrol: Authority['enrol'] = async (principal, key = generateSigningKey()) => {
    const { code } = await openEnrolment(house, admin, { principal, seconds: 900 });
    const { credential } = await settled(enrolKey(house, { code, jwk: key.publicJwk, label: 'test' }));
    return { credential: credential.id, key };
  };
  return {
    issuer,
    gatewayUrl,
    databaseUrl,
    db,
    sealer,
    clock,
    nodes,
    admin,
    enrol,
    settled,
    human: async (roles = []) => {
      const { id } = await person(roles);
      return { id, owner: id, ...(await enrol(id)) };
    },
    agent: async ({ owner, activate = true } = {}) => {
      const answers = owner ?? (await person(['owner'])).id;
      const { id } = await registerAgent(house, admin, {
        name: name(),
        displayName: 'An Agent',
        purpose: 'tests',
        owner: answers,
        deputies: [],
        riskTier: 'low',
        autonomy: 'act_within_limits',
        manifest: {},
      });
      const enrolled = await enrol(id);
      if (activate) await settled(moveAgent(house, admin, { agent: id, to: 'active', reason: 'test' }));
      return { id, owner: answers, ...enrolled };
    },
    workload: async () => {
      const owner = (await person(['owner'])).id;
      const { id } = await registerWorkload(house, admin, { name: name(), displayName: 'A Workload', owner, deputies: [] });
      const enrolled = await enrol(id);
      await settled(moveWorkload(house, admin, { workload: id, to: 'active', reason: 'test' }));
      return { id, owner, ...enrolled };
    },
    system: async (system) => {
      const describe = async () => [];
      const { id } = await addSystem({ db, clock, sealer, describe, allowCommands: false }, admin, {
        name: system,
        upstream: { kind: 'mcp-http', url: 'http://127.0.0.1:1/mcp' },
      });
      return id;
    },
    count: async (type, about) => {
      const { rows } = await db.query<{ count: number }>('select count(*) as count from entry where type = $1 and about = $2', [
        type,
        about,
      ]);
      return rows[0]?.count ?? 0;
    },
    close: async () => {
      for (const node of nodes) await node.close();
      await pool.end();
    },
  };
}

type NodeParts = Pick<Authority, 'databaseUrl' | 'db' | 'sealer' | 'clock' | 'issuer' | 'gatewayUrl'> & {
  readonly options: AuthorityOptions;
};

async function openNode(door: Door, parts: NodeParts): Promise<AuthorityNode> {
  const { databaseUrl, db, sealer, clock, issuer, gatewayUrl, options } = parts;
  const log = options.log ?? silentLog;
  const feed = await openFeed({
    url: databaseUrl,
    db,
    pollMs: 100,
    leaseMs: 5_000,
    point: { id: newId('point'), name: 'test' },
    log,
  });
  const keyRing = await openKeyRing({ db, sealer, clock, feed });
  const facts = openPrincipalFacts({ db, feed });
  const queue = openCommitQueue({ url: databaseUrl, clock, log });
  const authority = openAuthorityFacts({ db, feed });
  const systems = openSystemFacts({ db, feed });
  const demands = openSignInDemands({ db, feed, systems, gatewayUrl });
  const authenticator = createAuthenticator({ issuer, keyRing, feed, facts, authority, clock, demands });
  const permit = createPermit({ db, facts });
  const federating = { db, clock, issuer, allowLoopback: options.allowLoopback ?? true };
  const issuance = openIssuance({
    ...federating,
    secret: await readHouseSecret({ db, sealer, clock }, 'interactive'),
    resolve: options.resolve,
    demands,
    gatewayUrl,
    log,
    feed,
    queue,
    keyRing,
    facts,
    permit,
    authority,
    systems,
    certificateOf: options.certificateOf,
    registersClients: options.registersClients ?? false,
    accessTokenSeconds: options.accessTokenSeconds ?? 300,
    taskSeconds: 3_600,
  });
  const answers = [
    ...registryRoutes({ db, clock, issuer, gatewayUrl }),
    ...delegationRoutes({ db, clock }),
    ...federationRoutes(federating),
    ...signinRoutes({ db, clock }),
    ...(options.answers ?? []),
  ];
  const isClaimed = async () => (await countHumans(db)) > 0;
  door.serve(
    buildHall({
      issuer,
      version: '0.0.0-test',
      answers,
      issuance,
      authenticator,
      permit,
      queue,
      keyRing,
      feed,
      db,
      clock,
      log,
      isClaimed,
    }),
  );
  return {
    url: `http://127.0.0.1:${door.port}`,
    door,
    feed,
    queue,
    keyRing,
    facts,
    authenticator,
    close: async () => {
      await door.close(1_000);
      await queue.close();
      keyRing.close();
      await feed.close();
    },
  };
}
