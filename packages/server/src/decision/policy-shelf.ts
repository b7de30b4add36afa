import type { RoleDocument } from '@surety/contract/authority-routes';
import type { HopGrant } from '@surety/contract/delegation';
import type { HistoryRule } from '@surety/contract/history';
import type { MandateDocument } from '@surety/contract/mandate';
import { type HopPolicies, prepareHop } from '@surety/decision/compile-hop';
import { compileMandate } from '@surety/decision/compile-mandate';
import type { PolicyEngine } from '@surety/decision/policy-engine';
import {
  type MandatePolicies,
  type PolicySet,
  prepareMandate,
  prepareMay,
  prepareOrganisation,
  prepareRole,
} from '@surety/decision/policy-set';
import { documentDigest, policyDigest } from '#policy/document-digest';

/** A document as the engine takes it (undefined when it cannot be read), with the digest that the ledger knows it by. */
export type Shelved<Policies> = { readonly policies: Policies | undefined; readonly digest: string };

type KeptRole = { readonly name: string; readonly shelved: Shelved<PolicySet> };

/** As many versions of the organisation's policy are decided by at a time. */
const maxVersions = 2;

/** Documents that were read and compiled, ready to be asked. */
export type PolicyShelf = {
  mandate(id: string, document: MandateDocument): MandatePolicies | undefined;
  /** What a role's holders may answer for; with `asks`, what they may themselves ask agents to do. */
  role(name: string, document: RoleDocument, asks?: boolean): Shelved<PolicySet>;
  /** What the hop to a task granted its agent; `null` and undefined as in {@link prepareHop}. */
  hop(task: string, agent: string, grant: HopGrant): HopPolicies | null | undefined;
  organisation(policy: {
    readonly version: number;
    readonly text: string;
    readonly rules?: readonly HistoryRule[] | undefined;
  }): Shelved<PolicySet>;
};

/**
 * Keeps what was compiled for as long as the document itself is kept by whoever holds it (the bounded fact caches), and
 * under nothing but the document: no name or version can bring up what another document says.
 */
export function openPolicyShelf(engine: PolicyEngine): PolicyShelf {
  const mandates = new WeakMap<MandateDocument, { readonly id: string; readonly policies: MandatePolicies | undefined }>();
  const answering = new WeakMap<RoleDocument, KeptRole>();
  const asking = new WeakMap<RoleDocument, KeptRole>();
  const hops = new WeakMap<HopGrant, { readonly task: string; readonly policies: HopPolicies | null | undefined }>();
  /** The newest first: one version, and another while it is staged. */
  let newest: readonly { readonly version: number; readonly text: string; readonly shelved: Shelved<PolicySet> }[] = [];
  return {
    mandate(id, document) {
      const kept = mandates.get(document);
      if (kept?.id === id) return kept.policies;
      const compiled = compileMandate({ id, document });
      const policies = compiled.ok ? prepareMandate(engine, compiled.mandate) : undefined;
      mandates.set(document, { id, policies });
      return policies;
    },
    hop(task, agent, grant) {
      const kept = hops.get(grant);
      if (kept?.task === task) return kept.policies;
      const policies = prepareHop(engine, { task, agent, details: grant.details });
      hops.set(grant, { task, policies });
      return policies;
    },
    role(name, document, asks = false) {
      const roles = asks ? asking : answering;
      const kept = roles.get(document);
      if (kept?.name === name) return kept.shelved;
      const policies = asks
        ? prepareMay(engine, { name, text: document.may ?? '' })
        : prepareRole(engine, { name, text: document.answersFor });
      const shelved = { policies, digest: documentDigest(document) };
      roles.set(document, { name, shelved });
      return shelved;
    },
    organisation({ version, text, rules }) {
      const kept = newest.find((one) => one.version === version && one.text === text);
      if (kept !== undefined) return kept.shelved;
      const shelved = { policies: prepareOrganisation(engine, text), digest: policyDigest({ text, rules }) };
      newest = [{ version, text, shelved }, ...newest].slice(0, maxVersions);
      return shelved;
    },
  };
}
