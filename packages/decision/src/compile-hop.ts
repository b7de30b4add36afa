import type { AgentAction, HopGrant } from '@surety/contract/delegation';
import type { Permission } from '@surety/contract/mandate';
import { checkPermissions, type CompileIssue, compilePermissions } from './compile-permissions.ts';
import type { PolicyEngine, PolicyHandle } from './policy-engine.ts';
import type { PolicyNeeds } from './policy-needs.ts';

/** What one hop granted, as an engine has taken it in. Ids are `hop:tsk_…/p2` for the second of its details. */
export type HopPolicies = {
  readonly permissions: readonly Permission[];
  readonly rules: PolicyHandle;
  readonly needs: PolicyNeeds;
};

/**
 * Takes in what the hop to a task granted to the agent that works on it: each of the details as a permission, by the same
 * compiler as a mandate. An empty list permits nothing. Undefined when a detail cannot be read: then nothing passes. `null`
 * when the hop granted nothing narrower than what is above.
 */
export function prepareHop(
  engine: PolicyEngine,
  { task, agent, details }: { readonly task: string; readonly agent: string; readonly details: HopGrant['details'] },
): HopPolicies | null | undefined {
  if (details === null) return null;
  const permissions = details.flatMap((detail) => toPermission(detail) ?? []);
  if (permissions.length < details.length || checkPermissions(permissions, '').length > 0) return undefined;
  const { permits, needs } = compilePermissions(agent, permissions, `hop:${task}/p`);
  return { permissions, rules: engine.prepare(`hop:${task}`, permits), needs };
}

/** What cannot be compiled of an `agent_action` list, by JSON pointer; for whoever issues. */
export function checkDetails(details: readonly AgentAction[]): readonly CompileIssue[] {
  return details.flatMap((detail, at) => {
    const permission = toPermission(detail);
    if (permission === undefined) return [{ path: `/${at}/locations/0`, message: 'this names no protected system' }];
    return checkPermissions([permission], '').map(({ path, message }) => ({ path: path.replace(/^\/0/, `/${at}`), message }));
  });
}

/** The permission that an `agent_action` is. Undefined when its location is not that of a protected system. */
export function toPermission({ locations: [location], identifier, constraints }: AgentAction): Permission | undefined {
  const system = systemAt(location);
  if (system === undefined) return undefined;
  return { system, actions: [identifier], ...(constraints === undefined ? {} : { where: constraints }) };
}

/** The system that a resource is: `https://gateway.example/mcp/payments` → `payments`. Whose gateway it is, the issuer checks. */
export function systemAt(location: string): string | undefined {
  return /^https?:\/\/[^/?#]+(?:\/[^?#]*)?\/mcp\/([a-z0-9][a-z0-9-]*)$/.exec(location)?.[1];
}
