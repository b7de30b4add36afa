import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { AskAll, Outcome } from './cedar-under-test.ts';
import type { RandomPolicy } from './random-policy.ts';
import type { Json } from './random-value.ts';

const { rawJSON } = JSON as typeof JSON & { rawJSON(text: string): unknown };

/** The official engine. Throws where it refuses a policy or a request as a whole: none of ours may be such. */
export const askOfficial: AskAll = (policies, { entities, requests }) => {
  const parsed = cedar.preparsePolicySet('under test', toSet(policies));
  if (parsed.type !== 'success')
    throw new Error(`refused by the official engine: ${JSON.stringify(parsed.errors).slice(0, 500)}`);
  const stored = toOfficial(entities) as cedar.Entities;
  return requests.map((request) => {
    const asked = toOfficial(request) as Pick<cedar.StatefulAuthorizationCall, 'principal' | 'action' | 'resource' | 'context'>;
    const answer = cedar.statefulIsAuthorized({
      ...asked,
      entities: stored,
      preparsedPolicySetId: 'under test',
      validateRequest: false,
    });
    if (answer.type !== 'success')
      throw new Error(`refused by the official engine: ${JSON.stringify(answer.errors).slice(0, 500)}`);
    return toOutcome(answer.response);
  });
};

function toOutcome({ decision, diagnostics }: cedar.Response): Outcome {
  return { decision, reasons: inOrder(diagnostics.reason), errors: inOrder(diagnostics.errors.map(({ policyId }) => policyId)) };
}

function inOrder(ids: readonly string[]): readonly string[] {
  return ids.toSorted((left, right) => Number(left.slice(1)) - Number(right.slice(1)));
}

function toSet(policies: readonly RandomPolicy[]): cedar.PolicySet {
  const staticPolicies: Record<string, cedar.PolicyJson> = {};
  const templates: Record<string, cedar.PolicyJson> = {};
  const templateLinks: cedar.TemplateLink[] = [];
  for (const [at, { policy, slots }] of policies.entries()) {
    const written = toOfficial(policy) as cedar.PolicyJson;
    if (Object.keys(slots).length === 0) staticPolicies[`p${at}`] = written;
    else {
      templates[`t${at}`] = written;
      templateLinks.push({ templateId: `t${at}`, newId: `p${at}`, values: slots });
    }
  }
  return { staticPolicies, templates, templateLinks };
}

/** The same JSON with every Long as a number that has all its digits. */
export function toOfficial(json: unknown): unknown {
  if (typeof json === 'bigint') return rawJSON(json.toString());
  if (Array.isArray(json)) return json.map(toOfficial);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(Object.entries(json as Record<string, Json>).map(([key, value]) => [key, toOfficial(value)]));
}
