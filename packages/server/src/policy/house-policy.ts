/**
 * What the house policy is asked about: principal `Human`, `Workload`, `Agent` or `Nobody` (a door that opens to a one-time
 * code) with `roles`; `Action::"<action of the route>"`; resource `House::"house"`; and this context. Every member is
 * always there: a question with a member missing is an evaluation error, and that denies.
 */
export type HouseContext = {
  /** The principal is the owner of what is asked about: an agent, a workload, their key, code, task or mandate. */
  readonly owns: boolean;
  /** What is asked about is the principal itself, or its own key or code. */
  readonly self: boolean;
  /** The request names another person as owner. */
  readonly handsOver: boolean;
  /** The state it is in and the state asked for, where a move is asked; else empty. */
  readonly from: string;
  readonly to: string;
};

/** A question about something nobody in particular stands behind: a list, the policy, the log. */
export const plainHouseContext: HouseContext = { owns: false, self: false, handsOver: false, from: '', to: '' };

/** The Cedar types of a question that the house policy judges. */
export const houseEntityTypes = { human: 'Human', workload: 'Workload', agent: 'Agent', nobody: 'Nobody' } as const;

/**
 * Which role may do which action of the API. Built in: it is part of the release, and no caller can change it. Nothing
 * is permitted that is not written here. A person can always do less than a role says, never more, because every verb
 * still keeps its own rules (a mandate needs a signature, an approval its own approver).
 */
export const housePolicy = `
@id("house.code")
permit (principal, action in [Action::"server:claim", Action::"key:enrol"], resource);

@id("house.self")
permit (principal, action == Action::"self:read", resource)
when { principal is Human || principal is Workload || principal is Agent };

@id("house.administrator")
permit (principal is Human, action, resource)
when { principal.roles.contains("administrator") };

@id("house.read")
permit (
  principal is Human,
  action in [
    Action::"human:read", Action::"workload:read", Action::"agent:read", Action::"mandate:read", Action::"system:read",
    Action::"role:read", Action::"policy:read", Action::"destination:read", Action::"task:read", Action::"request:read", Action::"action:read",
    Action::"status:read"
  ],
  resource
)
when {
  principal.roles.contains("security") || principal.roles.contains("owner") || principal.roles.contains("approver") ||
  principal.roles.contains("developer") || principal.roles.contains("auditor")
};

@id("house.log")
permit (
  principal is Human,
  action in [Action::"log:read", Action::"key:read", Action::"issuer:read", Action::"partner:read", Action::"passkey:read", Action::"application:read", Action::"payload:read"],
  resource
)
when { principal.roles.contains("security") || principal.roles.contains("auditor") };

@id("house.security")
permit (
  principal is Human,
  action in [
    Action::"agent:stop", Action::"agent:start", Action::"action:release", Action::"mandate:end", Action::"task:end", Action::"task:declassify", Action::"destination:change", Action::"credential:revoke",
    Action::"passkey:revoke", Action::"role:set", Action::"policy:publish", Action::"policy:deployers", Action::"key:rotate", Action::"issuer:remove", Action::"partner:remove",
    Action::"application:publish", Action::"application:remove"
  ],
  resource
)
when { principal.roles.contains("security") };

@id("house.security.suspend")
permit (principal is Human, action in [Action::"agent:move", Action::"workload:move"], resource)
when { principal.roles.contains("security") && (context.to == "suspended" || context.from == "suspended") };

@id("house.owner")
permit (
  principal is Human,
  action in [
    Action::"agent:change", Action::"agent:stop", Action::"mandate:give", Action::"mandate:end", Action::"task:end",
    Action::"enrolment:open", Action::"credential:revoke"
  ],
  resource
)
when { principal.roles.contains("owner") && context.owns && !context.handsOver };

@id("house.owner.answer")
permit (principal is Human, action == Action::"request:answer", resource)
when { principal.roles.contains("owner") || principal.roles.contains("approver") };

@id("house.propose")
permit (principal is Human, action == Action::"policy:propose", resource)
when { principal.roles.contains("security") || principal.roles.contains("owner") || principal.roles.contains("developer") };

@id("house.deployer")
permit (
  principal is Workload,
  action in [Action::"policy:read", Action::"role:read", Action::"system:read", Action::"policy:propose", Action::"policy:publish"],
  resource
)
when { principal.roles.contains("deployer") };

@id("house.developer")
permit (principal is Human, action in [Action::"agent:register", Action::"workload:register"], resource)
when { principal.roles.contains("developer") };

@id("house.developer.enrol")
permit (principal is Human, action in [Action::"enrolment:open", Action::"credential:revoke"], resource)
when { principal.roles.contains("developer") && context.owns };

@id("house.move")
permit (principal is Human, action in [Action::"agent:move", Action::"workload:move"], resource)
when {
  (principal.roles.contains("owner") || principal.roles.contains("developer")) && context.owns &&
  (context.from == "draft" || context.to != "active")
};

// A workload asks for the application that names it, and is let in by that document; an agent never asks.
@id("house.pep")
permit (principal is Workload, action in [Action::"access:evaluate", Action::"access:search", Action::"access:request"], resource);

@id("house.own.key")
permit (
  principal is Human,
  action in [
    Action::"enrolment:open", Action::"credential:revoke", Action::"passkey:read", Action::"passkey:revoke"
  ],
  resource
)
when { context.self };
`.trim();
