import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { isJson, readEst } from '../read-est.ts';
import type { ReadPolicy } from '../read-policies.ts';
import { type Finding, warning } from './finding.ts';
import type { KnownSystem } from './known-systems.ts';
import { validationSchemas } from './validation-schema.ts';

/**
 * What the official validator says of one policy, over our schema: what may err (an error denies), what has the wrong type, what
 * can never match, and clauses that are always true. Arguments have no schema: a finding counts when it stands for every way
 * they could be typed.
 */
export function validatePolicy(policy: ReadPolicy, systems: readonly KnownSystem[] | undefined): readonly Finding[] {
  const schemas = validationSchemas(readEst(policy.est), systems);
  if (schemas.length === 0) return [];
  const answers = schemas.map((schema) => ask(policy.text, schema)).filter((answer) => answer !== undefined);
  const best = answers.toSorted((one, other) => one.errors.length - other.errors.length)[0];
  if (best === undefined) return [];
  const errors = best.errors.filter(({ error }) => !error.message.includes('unrecognized action'));
  if (errors.length > 0) return errors.map(({ error }) => errorFinding(policy, error));
  const unknownOnly = best.errors.length > 0;
  if (answers.every(isImpossible))
    return unknownOnly || isByScope(best)
      ? []
      : [
          warning(
            'unreachable',
            'no call can match it: its conditions are never all true',
            'Correct its conditions, or take it out.',
          ),
        ];
  return alwaysTrue(policy, schemas);
}

type Answer = { readonly errors: readonly cedar.ValidationError[]; readonly warnings: readonly cedar.ValidationError[] };

function ask(text: string, schema: cedar.Schema): Answer | undefined {
  const answer = cedar.validate({
    validationSettings: { mode: 'strict' },
    schema,
    policies: { staticPolicies: { policy: text } },
  });
  return answer.type === 'success' ? { errors: answer.validationErrors, warnings: answer.validationWarnings } : undefined;
}

function isImpossible({ warnings }: Answer): boolean {
  return warnings.some(({ error }) => error.message.includes('impossible'));
}

/** The scope alone rules everything out: said by its own finding. */
function isByScope({ warnings }: Answer): boolean {
  return warnings.some(({ error }) => error.message.includes('applicable action'));
}

function errorFinding({ text }: ReadPolicy, error: cedar.DetailedError): Finding {
  const message = error.message.replace(/^for policy `policy`, /, '').replace(/ for Action::.*$/, '');
  const at = Buffer.from(text)
    .subarray(0, error.sourceLocations?.[0]?.start ?? 0)
    .toString().length;
  const isMissing = message.includes('optional attribute');
  const next = isMissing ? 'Ask with "has" first: where it is missing, the error denies.' : 'Correct it: an error denies.';
  return warning(isMissing ? 'may-error' : 'type', message, next, at);
}

/** Clauses that no call fails: their negation is never true. */
function alwaysTrue({ text, est }: ReadPolicy, schemas: readonly cedar.Schema[]): readonly Finding[] {
  const clauses = isJson(est) && Array.isArray(est['conditions']) ? est['conditions'] : [];
  return clauses.flatMap((clause: unknown) => {
    if (!isJson(clause)) return [];
    const turned = [{ kind: clause['kind'] === 'when' ? 'unless' : 'when', body: clause['body'] }];
    const written = writeBack({ ...(est as cedar.PolicyJson), conditions: turned as cedar.Clause[] });
    if (written === undefined) return [];
    const answers = schemas.map((schema) => ask(written, schema)).filter((answer) => answer !== undefined);
    const isNever =
      answers.length > 0 &&
      answers.every((answer) => answer.errors.length > 0 || isImpossible(answer)) &&
      answers.some(isImpossible);
    const what = clause['kind'] === 'when' ? 'its "when" is always true' : 'its "unless" is never true';
    return isNever
      ? [warning('always-true', what, 'Take the clause out, or say what it should ask.', text.search(/\b(?:when|unless)\b/))]
      : [];
  });
}

function writeBack(policy: cedar.PolicyJson): string | undefined {
  try {
    const written = cedar.policyToText(policy);
    return written.type === 'success' ? written.text : undefined;
  } catch {
    return undefined;
  }
}
