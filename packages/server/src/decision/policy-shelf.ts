import type { RoleDocument } from '@surety/contract/authority-routes';
import type { MandateDocument } from '@surety/contract/mandate';
import { compileMandate } from '@surety/decision/compile-mandate';
import type { PolicyEngine } from '@surety/decision/policy-engine';
import {
  type MandatePolicies,
  type PolicySet,
  prepareMandate,
  prepareOrganisation,
  prepareRole,
} from '@surety/decision/policy-set';
import { documentDigest } from '#policy/document-digest';

/** A document as the engine takes it (undefined when it cannot be read), with the digest that the ledger knows it by. */
export type Shelved<Policies> = { readonly policies: Policies | undefined; readonly digest: string };

/** Documents that were read and compiled, ready to be asked. */
export type PolicyShelf = {
  mandate(id: string, document: MandateDocument): MandatePolicies | undefined;
  role(name: string, document: RoleDocument): Shelved<PolicySet>;
  organisation(policy: { readonly version: number; readonly text: string }): Shelved<PolicySet>;
};

/**
 * Keeps what was compiled for as long as the document itself is kept by whoever holds it (the bounded fact caches), and
 * under nothing but the document: no name or version can bring up what another document says.
 */
export function openPolicyShelf(engine: PolicyEngine): PolicyShelf {
  const mandates = new WeakMap<MandateDocument, { readonly id: string; readonly policies: MandatePolicies | undefined }>();
  const roles = new WeakMap<RoleDocument, { readonly name: string; readonly shelved: Shelved<PolicySet> }>();
  let newest: { readonly version: number; readonly text: string; readonly shelved: Shelved<PolicySet> } | undefined;
  return {
    mandate(id, document) {
      const kept = mandates.get(document);
      if (kept?.id === id) return kept.policies;
      const compiled = compileMandate({ id, document });
      const policies = compiled.ok ? prepareMandate(engine, compiled.mandate) : undefined;
      mandates.set(document, { id, policies });
      return policies;
    },
    role(name, document) {
      const kept = roles.get(document);
      if (kept?.name === name) return kept.shelved;
      const policies = prepareRole(engine, { name, text: document.answersFor });
      const shelved = { policies, digest: documentDigest(document) };
      roles.set(document, { name, shelved });
      return shelved;
    },
    organisation({ version, text }) {
      if (newest?.version === version && newest.text === text) return newest.shelved;
      const shelved = { policies: prepareOrganisation(engine, text), digest: documentDigest(text) };
      newest = { version, text, shelved };
      return shelved;
    },
  };
}
