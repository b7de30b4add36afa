import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import type { GuardHouse } from '@surety/contract/enforcement';
import { openCedar } from '@surety/decision/cedar-engine';
import { createNonceSource } from '@surety/proof/nonce';
import { activityRoutes } from '#activity/activity-routes';
import { expireApprovals } from '#approval/expire-approvals';
import { approvalRoutes } from '#approval/approval-routes';
import type { CertificateReader } from '#authn/client-certificate';
import { createAuthenticator } from '#authn/authenticate';
import type { AuthzenRoom } from '#authzen/authzen-room';
import { openApplicationFacts } from '#authzen/application-facts';
import { authzenRoutes } from '#authzen/authzen-routes';
import { catalogueRoutes } from '#catalogue/catalogue-routes';
import type { Describe } from '#catalogue/described-operation';
import { openRereading, type Rereading } from '#catalogue/reread-systems';
import { openSystemFacts } from '#catalogue/system-facts';
import { openFeed } from '#change/feed';
import { removePoints } from '#change/point-store';
import { pruneChanges } from '#change/prune-changes';
import type { Config } from '#config/config';
import { type Comparison, openComparison } from '#decision/compare-engines';
import { createDecider, type Decider } from '#decision/decide-call';
import { createPermit } from '#decision/permit-api';
import { openAuthorityFacts } from '#delegation/authority-facts';
import { delegationRoutes } from '#delegation/delegation-routes';
import { getMandate } from '#delegation/mandate-store';
import { viewMandate } from '#delegation/view-mandate';
import { heldEntry } from '#enforcement/call-entries';
import { type GuardRoom, openGuardHouse } from '#enforcement/guard-house';
import { openInFlight } from '#enforcement/in-flight';
import { checkAnswers } from '#http/check-answers';
import { buildCertificateHall, buildHall } from '#http/hall';
import type { HallRoom } from '#http/hall-room';
import type { Door } from '#http/open-door';
import { endExpiredInstances } from '#federation/end-expired-instances';
import { federationRoutes } from '#federation/federation-routes';
import { interactiveRoutes } from '#issuance/interactive/interactive-routes';
import { pruneInteractive } from '#issuance/interactive/prune-interactive';
import { type IssuanceParts, openIssuance } from '#issuance/open-issuance';
import { flowRoutes } from '#flow/flow-routes';
import { openFlow } from '#flow/open-flow';
import { pruneFlow } from '#flow/prune-flow';
import { runJobs } from '#jobs/run-jobs';
import type { AnyAnswer } from '#kernel/answer';
import { type Clock, systemClock } from '#kernel/clock';
import { newId } from '#kernel/id';
import type { Log } from '#kernel/log';
import { labRoutes } from '#lab/lab-routes';
import { openShadow } from '#lab/shadow';
import { readKeyFile } from '#keys/key-file';
import { readHouseSecret } from '#keys/house-secret';
import { openKeyRing } from '#keys/key-ring';
import { keysRoutes } from '#keys/keys-routes';
import { retireTokenKeys, rotateDueTokenKey } from '#keys/rotate-token-key';
import { createSealer } from '#keys/seal';
import { type CommitQueue, openCommitQueue } from '#ledger/commit-queue';
import { findHead } from '#ledger/head-store';
import { ledgerRoutes } from '#ledger/ledger-routes';
import type { LogSigner } from '#ledger/log-signer';
import { pruneSpentProofs } from '#ledger/prune-spent-proofs';
import { openSequencer, type Sequencer } from '#ledger/sequence';
import { meteringRoutes } from '#metering/metering-routes';
import { type Meters, openMeters } from '#metering/meters';
import { pruneDeeds } from '#metering/prune-deeds';
import type { LimitedMandate } from '#metering/read-use';
import { openPolicyFacts } from '#policy/policy-facts';
import { policyRoutes } from '#policy/policy-routes';
import { prepareHouse } from '#policy/prepare-house';
import { countHumans } from '#registry/human-store';
import { openClaim } from '#registry/open-claim';
import { openPrincipalFacts } from '#registry/principal-facts';
import { registryRoutes } from '#registry/registry-routes';
import { openSignInDemands } from '#signin/sign-in-demands';
import { signinRoutes } from '#signin/signin-routes';
import { confirmStops } from '#stop/confirm-stops';
import { isStopped } from '#stop/lift-stop';
import { stopRoutes } from '#stop/stop-routes';
import { openStore, type Store } from '#store/open-store';

export type HouseOptions = {
  readonly config: Config;
  readonly log: Log;
  readonly version: string;
  /** The door of the API, listening already: the public address may depend on its port. */
  readonly door: Door;
  /** Public origins, without a slash at the end. */
  readonly issuer: string;
  readonly gatewayUrl: string;
  /** How a system is asked what can be called on it; the gateways' knowledge. */
  readonly describe: Describe;
  /** Whether systems may be commands that this server runs as its children. */
  readonly allowCommands: boolean;
  /** The certificate of a client's connection, where clients may show one; the origin where they do, if it is one of its own. */
  readonly certificateOf?: CertificateReader | undefined;
  readonly mtlsUrl?: string | undefined;
  /** What the time is; left out, what this computer says. The lease counts on its own. */
  readonly clock?: Clock | undefined;
};

/** The whole house in one process, serving. */
export type House = {
  readonly issuer: string;
  readonly gatewayUrl: string;
  readonly store: Store;
  /** What the gates of this process ask. */
  readonly guard: GuardHouse;
  /** Serves the endpoints that know clients, where those show certificates. */
  readonly certificateListener: RequestListener;
  /** 32 bytes, the same on every node: guards seal session ids of MCP 2025-11-25 with it. */
  readonly sessionKey: Buffer;
  /** The enforcement point that this process is. */
  readonly point: { readonly id: string; readonly name: string };
  isClaimed(): Promise<boolean>;
  /** A single-use code for the first person; for whoever can start the server. Fault `claim.done` when it has an owner. */
  openClaim(): Promise<{ readonly code: string; readonly expiresAt: string }>;
  close(): Promise<void>;
};

/** How long what is under way may take to end when the house closes, in milliseconds. */
const drainMs = 5_000;

/** How what was opened is closed, in the order in which it was opened. */
type Closing = (() => unknown)[];

/** Opens the house: the one place that knows every room. What was opened is closed again when a later part cannot be. */
export async function openHouse(options: HouseOptions): Promise<House> {
  const closing: Closing = [];
  try {
    return await furnish(options, await openStore(options.config, options.log), closing);
  } catch (thrown) {
    await closeAll(closing).catch(() => undefined);
    throw thrown;
  }
}

/** Closes everything, what was opened last first. Rejects with the first error, when all that can be closed is. */
async function closeAll(closing: Closing): Promise<void> {
  const errors: unknown[] = [];
  for (const close of closing.splice(0).toReversed()) {
    try {
      await close();
    } catch (thrown) {
      errors.push(thrown);
    }
  }
  if (errors.length > 0) throw errors[0];
}

type Facts = Awaited<ReturnType<typeof openFacts>>;

/** What is known in memory, and how it stays true. */
async function openFacts({ config, log, clock = systemClock }: HouseOptions, { db, url }: Store, closing: Closing) {
  await prepareHouse(db, clock);
  const point = { id: newId<string>('point', clock()), name: config.SURETY_NODE_NAME };
  const feed = await openFeed({ url, db, pollMs: config.SURETY_POLL_MS, leaseMs: config.SURETY_LEASE_MS, point, log });
  closing.push(() => feed.close());
  const sealer = createSealer(readKeyFile(config.SURETY_KEY_FILE ?? join(config.SURETY_DATA_DIR, 'key')));
  const keyRing = await openKeyRing({ db, sealer, clock, feed });
  closing.push(() => keyRing.close());
  return {
    clock,
    point,
    feed,
    sealer,
    keyRing,
    facts: openPrincipalFacts({ db, feed }),
    policies: openPolicyFacts({ db, feed }),
    systems: openSystemFacts({ db, feed }),
    authority: openAuthorityFacts({ db, feed }),
    flow: openFlow({ db, feed, clock, key: keyRing.flowSecret }),
  };
}

/** The record: who signs the log, who gives its entries their order, and where they become durable. */
async function openRecord(
  { config, log, issuer }: HouseOptions,
  { db, url }: Store,
  { keyRing, clock }: Facts,
  closing: Closing,
): Promise<{ signer: LogSigner; sequencer: Sequencer; queue: CommitQueue }> {
  const signer = keyRing.logSigner((await findHead(db))?.origin ?? logOrigin(issuer));
  const sequencer = await openSequencer({ url, signer, log, signedFile: join(config.SURETY_DATA_DIR, 'log-head') });
  closing.push(() => sequencer.close());
  const queue = openCommitQueue({ url, clock, log, onCommitted: () => sequencer.wake() });
  closing.push(() => queue.close());
  return { signer, sequencer, queue };
}

type Guarding = Pick<GuardRoom, 'db' | 'queue' | 'decider' | 'authenticator' | 'nonces' | 'reread'>;

/** What the gates of this process ask; and this process as an enforcement point, which cuts and confirms. */
function openGuarding({ config, log }: HouseOptions, known: Facts, room: Guarding, closing: Closing): GuardHouse {
  const { feed, point } = known;
  const inFlight = openInFlight(feed);
  closing.push(() => inFlight.close());
  const cutBetween = (first: number, last: number) => inFlight.cutBetween(first, last);
  closing.push(confirmStops({ db: room.db, feed, point: point.id, cutBetween, log }));
  return openGuardHouse({ ...known, ...room, inFlight, log, point: point.id, approvalSeconds: config.SURETY_APPROVAL_SECONDS });
}

/** Everything by which tokens are asked for. */
async function openTokens(
  { config, issuer, gatewayUrl, log, certificateOf, mtlsUrl }: HouseOptions,
  known: Facts,
  room: Pick<IssuanceParts, 'db' | 'queue' | 'permit' | 'demands'>,
): Promise<ReturnType<typeof openIssuance>> {
  return openIssuance({
    ...known,
    ...room,
    issuer,
    gatewayUrl,
    log,
    certificateOf,
    mtlsUrl,
    secret: await readHouseSecret({ db: room.db, sealer: known.sealer, clock: known.clock }, 'interactive'),
    allowLoopback: config.SURETY_ALLOW_LOOPBACK_ISSUERS,
    registersClients: config.SURETY_CLIENT_REGISTRATION,
    accessTokenSeconds: config.SURETY_ACCESS_TOKEN_SECONDS,
    taskSeconds: config.SURETY_TASK_SECONDS,
  });
}

/** What decides for enforcement points that are not ours. */
function authzenOf(
  { config, issuer, log }: HouseOptions,
  known: Facts,
  room: Pick<AuthzenRoom, 'db' | 'queue' | 'engine' | 'decider'>,
): AuthzenRoom {
  const { clock, sealer, point, feed } = known;
  return {
    ...known,
    ...room,
    issuer,
    log,
    applications: openApplicationFacts({ db: room.db, feed }, room.engine),
    approvalSeconds: config.SURETY_APPROVAL_SECONDS,
    heldEntry: (what) => heldEntry({ clock, sealer, point: point.id }, what),
  };
}

async function furnish(options: HouseOptions, store: Store, closing: Closing): Promise<House> {
  closing.push(() => store.close());
  const { config, log, issuer, gatewayUrl, door } = options;
  const { db } = store;
  const known = await openFacts(options, store, closing);
  const { clock, point, feed, keyRing, facts } = known;
  const { signer, sequencer, queue } = await openRecord(options, store, known, closing);
  const engine = openCedar();
  const comparison = openComparison({ ...known, db, log, share: config.SURETY_COMPARE_SHARE });
  const shadow = openShadow({ db, engine, feed, log });
  closing.push(() => shadow.close());
  const meters = openMeters({ db, key: await readHouseSecret({ db, sealer: known.sealer, clock }, 'deeds') });
  const decider = createDecider({ ...known, db, engine, comparison, shadow, meters });
  const permit = createPermit({ db, facts, engine });
  const demands = openSignInDemands({ ...known, db, gatewayUrl });
  const authenticator = createAuthenticator({ ...known, issuer, demands });
  const nonces = createNonceSource(keyRing.nonceSecret);
  const { describe, allowCommands } = options;
  const rereading = openRereading({ db, clock, sealer: known.sealer, describe, allowCommands }, log);
  closing.push(() => rereading.close());
  const { reread } = rereading;
  const guard = openGuarding(options, known, { db, queue, decider, authenticator, nonces, reread }, closing);
  const issuance = await openTokens(options, known, { db, queue, permit, demands });
  const isClaimed = async () => (await countHumans(db)) > 0;
  const answers = answersOf(options, store, { known, meters, decider, comparison, signer, sequencer });
  checkAnswers(answers);
  const hall: HallRoom = {
    issuer,
    version: options.version,
    answers,
    issuance,
    authzen: authzenOf(options, known, { db, queue, engine, decider }),
    authenticator,
    permit,
    queue,
    keyRing,
    feed,
    db,
    clock,
    log,
    isClaimed,
  };
  door.serve(buildHall(hall));
  const jobs = runJobs(jobsOf(config, known, store, rereading), log);
  closing.push(
    () => jobs.close(),
    () => door.close(drainMs),
  );
  return {
    issuer,
    gatewayUrl,
    store,
    guard,
    certificateListener: buildCertificateHall(hall, options.mtlsUrl ?? issuer),
    sessionKey: await readHouseSecret({ db, sealer: known.sealer, clock }, 'mcp-session'),
    point,
    isClaimed,
    openClaim: () => openClaim({ db, clock }),
    close: () => closeAll(closing),
  };
}

/** The name of a new log, first line of its checkpoints (C2SP tlog-checkpoint): where it began, also when the address changes. */
function logOrigin(issuer: string): string {
  return `${new URL(issuer).host}/log`;
}

type Serving = {
  readonly known: Facts;
  readonly meters: Meters;
  readonly decider: Decider;
  readonly comparison: Comparison | undefined;
  readonly signer: LogSigner;
  readonly sequencer: Sequencer;
};

/** Every route of the contract with the verb that answers it. */
function answersOf(
  { config, issuer, gatewayUrl, describe, allowCommands, version }: HouseOptions,
  { db }: Store,
  { known, meters, decider, comparison, signer, sequencer }: Serving,
): readonly AnyAnswer[] {
  const { clock, sealer, facts, feed, flow, authority } = known;
  const leaseMs = config.SURETY_LEASE_MS;
  return [
    ...registryRoutes({ db, clock, issuer, gatewayUrl, isStopped }),
    ...policyRoutes({ db, clock }),
    ...labRoutes({ db, clock, sealer, authority, meters, engine: openCedar() }),
    ...catalogueRoutes({ db, clock, sealer, describe, allowCommands }),
    ...delegationRoutes({ db, clock }),
    ...meteringRoutes({ db, clock, meters, mandateOf: (id) => limitsOf(db, known, id) }),
    ...authzenRoutes({ db, clock }),
    ...flowRoutes({ db, clock, prints: flow.prints }),
    ...federationRoutes({ db, clock, issuer, allowLoopback: config.SURETY_ALLOW_LOOPBACK_ISSUERS }),
    ...interactiveRoutes({ db, clock }),
    ...signinRoutes({ db, clock }),
    ...approvalRoutes({ db, clock, sealer, facts, prints: flow.prints, validSeconds: config.SURETY_APPROVAL_SECONDS }),
    ...stopRoutes({ db, clock, facts, leaseMs }),
    ...keysRoutes({ db, clock, sealer }),
    ...ledgerRoutes({ db, signer }),
    ...activityRoutes({
      db,
      sealer,
      facts,
      feed,
      decider,
      leaseMs,
      issuer,
      gatewayUrl,
      version,
      checkpoint: () => findHead(db),
      logTrouble: () => sequencer.trouble(),
      compared: () => comparison?.counts(),
    }),
  ];
}

/** The limits of a mandate, and whose they are. Fault `mandate.not_found`. */
async function limitsOf(db: Store['db'], { facts }: Facts, id: string): Promise<LimitedMandate> {
  const { agent, document } = await viewMandate(db, await getMandate(db, id));
  return { agent: { id: agent, owner: (await facts.agent(agent))?.owner ?? '' }, limits: document.limits ?? [] };
}

function jobsOf(config: Config, { clock, sealer }: Facts, { db }: Store, { rereadAll }: Rereading) {
  const rereadMs = config.SURETY_REREAD_SECONDS * 1_000;
  return [
    { name: 'expire-approvals', everyMs: 1_000, run: () => expireApprovals({ db, clock }) },
    { name: 'prune-spent-proofs', everyMs: 30_000, run: () => pruneSpentProofs(db, new Date(clock())) },
    { name: 'prune-interactive', everyMs: 300_000, run: () => pruneInteractive({ db, clock }) },
    {
      name: 'prune-deeds',
      everyMs: 3_600_000,
      run: () => pruneDeeds(db, { nowMs: clock(), keepMs: config.SURETY_DEED_DAYS * 86_400_000 }),
    },
    { name: 'prune-flow', everyMs: 600_000, run: () => pruneFlow({ db, clock }) },
    { name: 'prune-changes', everyMs: 600_000, run: () => pruneChanges(db) },
    { name: 'remove-points', everyMs: 600_000, run: () => removePoints(db, 24 * 3600 * 1000) },
    { name: 'end-expired-instances', everyMs: 60_000, run: () => endExpiredInstances({ db, clock }) },
    { name: 'retire-token-keys', everyMs: 60_000, run: () => retireTokenKeys({ db, clock, sealer }) },
    { name: 'reread-systems', everyMs: rereadMs, waits: true, run: rereadAll },
    { name: 'rotate-token-key', everyMs: 60_000, run: () => rotateDueTokenKey({ db, clock, sealer }, config.SURETY_KEY_DAYS) },
  ];
}
