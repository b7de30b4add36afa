import { announce } from '#change/announce';
import type { Clock } from '#kernel/clock';
import type { Db, Tx } from '#kernel/db';
import { record } from '#ledger/record';
import { getAgent } from '#registry/agent-store';
import { type CredentialFact, type InstanceManifest, lockCredential, saveCredential } from '#registry/credential-store';
import { manifestDigest } from '#registry/manifest-digest';
import { hasAccepted } from './manifest-store.ts';

/** What an agent's copy says that it is made of, and whether that is the agent's manifest or was accepted. */
export async function judgeManifest(
  tx: Tx,
  agentId: string,
  { digest, isAttested }: Pick<InstanceManifest, 'digest' | 'isAttested'>,
): Promise<InstanceManifest> {
  const { manifest } = await getAgent(tx, agentId);
  const isAccepted = digest === manifestDigest(manifest) || (await hasAccepted(tx, agentId, digest));
  return { digest, isAttested, isAccepted };
}

/**
 * A copy whose key a person enrolled says what it is made of. Its own word never replaces what a platform attested.
 * Returns the number of the change, or undefined when nothing changed.
 */
export async function noteManifest(
  { db, clock }: { readonly db: Db; readonly clock: Clock },
  { id, principal }: CredentialFact,
  digest: string,
): Promise<number | undefined> {
  return db.transaction(async (tx) => {
    const known = await lockCredential(tx, id);
    if (known.state !== 'active' || known.manifest?.isAttested === true || known.manifest?.digest === digest) return undefined;
    const manifest = await judgeManifest(tx, principal, { digest, isAttested: false });
    await saveCredential(tx, { ...known, manifest });
    const data = { credential: id, manifestDigest: digest, isAccepted: manifest.isAccepted };
    await record(tx, clock, { type: 'instance.described', actor: principal, about: principal, data });
    return announce(tx, [{ what: 'changed', key: id }]);
  });
}
