import type { Match } from '@surety/contract/federation';
import type { PublicJwk } from '@surety/proof/jwk';
import { announce } from '#change/announce';
import { type Clock, instant } from '#kernel/clock';
import type { Db, Tx } from '#kernel/db';
import { Fault } from '#kernel/fault';
import { record } from '#ledger/record';
import { lockAgent } from '#registry/agent-store';
import {
  type CredentialFact,
  type InstanceManifest,
  listActiveCredentials,
  lockCredentialByKey,
  maxActiveCredentials,
  saveCredential,
} from '#registry/credential-store';
import { addKey } from '#registry/enrol-key';
import { addInstance, findInstance, saveInstance } from './instance-store.ts';
import { holdIssuer } from './issuer-store.ts';
import { kindRules } from './issuer.ts';
import { holdMatch } from './match-store.ts';
import { judgeManifest } from './note-manifest.ts';
import { refuseAssertion } from './refuse-assertion.ts';
import { claimText, type VerifiedAssertion } from './verify-assertion.ts';

/**
 * A running copy that its issuer vouches for, and the key it will use. `actors`: who stands above it at a partner, root
 * first.
 */
export type Arriving = {
  readonly assertion: VerifiedAssertion;
  readonly match: Match;
  readonly key: { readonly jwk: PublicJwk; readonly jkt: string };
  readonly saidManifest: string | undefined;
  readonly actors: readonly string[];
};

type Admitted = { readonly credential: string; readonly change: number };

/**
 * Makes the key of a proof the key of one instance of one agent, for as long as its issuer vouches for it, and records
 * it. A key that anybody else has is refused, and so is one that came from another subject or copy before: that is
 * recorded as a finding. Faults `assertion.refused` when issuer or match went away meanwhile, `agent.awaits_owner`,
 * `grant.refused`, `instance.key_reused`, `key.refused`.
 */
export async function admitInstance(
  { db, clock }: { readonly db: Db; readonly clock: Clock },
  arriving: Arriving,
): Promise<Admitted> {
  const { match, assertion } = arriving;
  const admitted = await db.transaction(async (tx): Promise<Admitted | 'key_reused'> => {
    const holds = (await holdIssuer(tx, match.issuer)) && (await holdMatch(tx, match.id));
    if (!holds) return refuseAssertion('its issuer or match is not trusted any more');
    const agent = await lockAgent(tx, match.agent);
    if (agent.state === 'draft') throw new Fault('agent.awaits_owner');
    if (agent.state !== 'active') throw new Fault('grant.refused', 'the agent is not active');
    const manifest = await manifestOf(tx, arriving);
    const known = await lockCredentialByKey(tx, arriving.key.jkt);
    if (known?.state === 'revoked') throw new Fault('key.refused', 'the key was ended');
    if (known !== undefined && !(await isSameInstance(tx, known, arriving))) {
      await recordReuse(tx, clock, known, arriving);
      return 'key_reused';
    }
    const untilMs = vouchedUntil(assertion, clock());
    const credential =
      known === undefined
        ? await addCopy(tx, clock, arriving, manifest)
        : await renewCopy(tx, known, { match, untilMs }, manifest);
    await record(tx, clock, {
      type: 'instance.admitted',
      actor: agent.id,
      about: agent.id,
      data: {
        issuer: match.issuer,
        subject: assertion.subject,
        match: match.id,
        credential: credential.id,
        actors: [...arriving.actors],
        assertion: assertion.digest,
        manifestDigest: credential.manifest?.digest ?? null,
        isAttested: credential.manifest?.isAttested ?? false,
      },
    });
    const key = known === undefined ? agent.id : credential.id;
    return { credential: credential.id, change: await announce(tx, [{ what: 'changed', key }]) };
  });
  if (admitted === 'key_reused') throw new Fault('instance.key_reused');
  return admitted;
}

async function addCopy(
  tx: Tx,
  clock: Clock,
  arriving: Arriving,
  manifest: InstanceManifest | undefined,
): Promise<CredentialFact> {
  const { match, assertion, key } = arriving;
  if ((await listActiveCredentials(tx, match.agent)).length >= maxActiveCredentials)
    throw new Fault('key.refused', 'the agent has as many running copies as it may have');
  const label = `${assertion.issuer.name} ${assertion.subject}`.slice(0, 120);
  const credential = await addKey(tx, clock, {
    principal: match.agent,
    jwk: key.jwk,
    label,
    expiresAt: instant(vouchedUntil(assertion, clock())),
    manifest,
    ...(assertion.issuer.kind === 'client-document' ? { forConsent: true } : {}),
  });
  await addInstance(tx, {
    credential: credential.id,
    issuer: match.issuer,
    match: match.id,
    subject: holderOf(assertion),
    instance: copyOf(assertion),
  });
  return credential;
}

/** The same copy came with a new word of its issuer. */
async function renewCopy(
  tx: Tx,
  known: CredentialFact,
  { match, untilMs }: { readonly match: Match; readonly untilMs: number },
  manifest: InstanceManifest | undefined,
): Promise<CredentialFact> {
  const until = Math.max(Date.parse(known.expiresAt ?? ''), untilMs);
  const renewed = { ...known, expiresAt: instant(until), manifest: newest(known.manifest, manifest) };
  await saveCredential(tx, renewed);
  await saveInstance(tx, { credential: known.id, match: match.id });
  return renewed;
}

/** What a platform attested stays until it attests something else: a copy's own word does not replace it. */
function newest(known: InstanceManifest | undefined, said: InstanceManifest | undefined): InstanceManifest | undefined {
  return said === undefined || (known?.isAttested === true && !said.isAttested) ? known : said;
}

/**
 * Until when the key alone proves the copy: as long as the word of its platform holds. The word of a partner holds for
 * one request, because who stands above the agent there is said anew each time.
 */
function vouchedUntil({ issuer, expiresAtSeconds }: VerifiedAssertion, now: number): number {
  return issuer.kind === 'id-jag' ? now : expiresAtSeconds * 1_000;
}

/** Of the same agent, issuer, subject and copy. */
async function isSameInstance(tx: Tx, known: CredentialFact, { assertion, match }: Arriving): Promise<boolean> {
  const instance = await findInstance(tx, known.id);
  return (
    known.principal === match.agent &&
    instance?.issuer === match.issuer &&
    instance.subject === holderOf(assertion) &&
    instance.instance === copyOf(assertion)
  );
}

async function recordReuse(tx: Tx, clock: Clock, known: CredentialFact, { assertion, match, key }: Arriving): Promise<void> {
  await record(tx, clock, {
    type: 'instance.key_reused',
    actor: match.agent,
    about: known.principal,
    data: { issuer: match.issuer, subject: assertion.subject, credential: known.id, jkt: key.jkt },
  });
}

/** Whom the key belongs to at the issuer: a partner's client acts for many people there, with one key. */
function holderOf({ issuer, subject, claims }: VerifiedAssertion): string {
  return issuer.kind === 'id-jag' ? (claimText(claims, 'client_id') ?? subject) : subject;
}

/** Which of several copies of one workload this is, where its platform tells them apart. */
function copyOf({ issuer, claims }: VerifiedAssertion): string | undefined {
  const parts = (kindRules[issuer.kind].instance ?? []).map((name) => claimText(claims, name));
  return parts.length > 0 && parts.every((part) => part !== undefined) ? parts.join('/') : undefined;
}

/** What the copy is made of: its issuer's word where the match says which claim, else its own. */
async function manifestOf(tx: Tx, { match, assertion, saidManifest }: Arriving): Promise<InstanceManifest | undefined> {
  const { manifestClaim } = match;
  const attested = manifestClaim === null ? undefined : claimText(assertion.claims, manifestClaim);
  if (manifestClaim !== null && (attested === undefined || attested.length > 200))
    return refuseAssertion('it does not attest what the match asks for');
  const digest = attested ?? saidManifest;
  return digest === undefined ? undefined : judgeManifest(tx, match.agent, { digest, isAttested: attested !== undefined });
}
