import type { ApplicationDocument, ApplicationEntity } from '@surety/contract/authzen';

/** An application as it is published, but for who asks. */
export type World = Omit<ApplicationDocument, 'peps'>;

const empty = {
  description: '',
  systems: [],
  actionAsserts: [],
  contextAsserts: [],
  types: {},
  actions: [],
  entities: [],
  policies: '',
};

/** The fixture of the certification scenario of AuthZEN 1.0 (§1): its people, records and eight rules. */
export const certificationWorld: World = {
  ...empty,
  types: {
    user: { open: false, asserts: ['role'] },
    record: { open: false, asserts: ['status'] },
  },
  actions: ['read', 'write', 'delete'],
  actionAsserts: ['soft'],
  entities: [
    { type: 'user', id: 'alice', properties: { writes: true }, in: [] },
    { type: 'user', id: 'bob', properties: { writes: false, role: 'admin' }, in: [] },
    { type: 'record', id: 'record-1', properties: { status: 'active' }, in: [] },
    { type: 'record', id: 'record-2', properties: { status: 'archived' }, in: [] },
  ],
  policies: `
    @id("read") permit (principal is user, action == Action::"read", resource is record);
    @id("write") permit (principal is user, action == Action::"write", resource is record)
    when { principal.writes && resource.status != "archived" };
    @id("write-archived") permit (principal is user, action == Action::"write", resource is record)
    when { principal has role && principal.role == "admin" && resource.status == "archived" };
    @id("soft-delete") permit (principal is user, action == Action::"delete", resource is record)
    when { principal.writes && context.action has soft && context.action.soft };
  `,
};

/** One of the people of the todo scenario: what the directory calls them, who they are, and what they may. */
const person = (id: string, email: string, roles: string[]) =>
  ({ type: 'user', id, properties: { email, roles }, in: [] }) satisfies ApplicationEntity;

/** A subject is named by the id that its directory gave it, or by its address: both mean the same person. */
const byBothNames = (id: string, email: string, roles: string[]) => [person(id, email, roles), person(email, email, roles)];

/** Who takes part in the todo scenario, in the order of its questions. */
export const people = {
  rick: { id: 'fd0614d3-rick', email: 'rick@the-citadel.com', roles: ['admin', 'evil_genius'] },
  morty: { id: 'fd1614d3-morty', email: 'morty@the-citadel.com', roles: ['editor'] },
  summer: { id: 'fd2614d3-summer', email: 'summer@the-smiths.com', roles: ['editor'] },
  beth: { id: 'fd3614d3-beth', email: 'beth@the-smiths.com', roles: ['viewer'] },
  jerry: { id: 'fd4614d3-jerry', email: 'jerry@the-smiths.com', roles: ['viewer'] },
} as const;

/** The todo application of the interop events: four roles, five permissions; the PEP says who owns a todo. */
export const todoWorld: World = {
  ...empty,
  types: { user: { open: false, asserts: [] }, todo: { open: true, asserts: ['ownerID'] } },
  actions: ['can_read_user', 'can_read_todos', 'can_create_todo', 'can_update_todo', 'can_delete_todo'],
  entities: Object.values(people).flatMap(({ id, email, roles }) => byBothNames(id, email, [...roles])),
  policies: `
    @id("anyone-reads") permit (principal is user, action in [Action::"can_read_user", Action::"can_read_todos"], resource);
    @id("editors-create") permit (principal is user, action == Action::"can_create_todo", resource is todo)
    when { principal.roles.containsAny(["editor", "admin", "evil_genius"]) };
    @id("editors-change-their-own")
    permit (principal is user, action in [Action::"can_update_todo", Action::"can_delete_todo"], resource is todo)
    when {
      principal.roles.containsAny(["editor", "admin", "evil_genius"]) &&
      resource has ownerID && resource.ownerID == principal.email
    };
    @id("admins-delete") permit (principal is user, action == Action::"can_delete_todo", resource is todo)
    when { principal.roles.contains("admin") };
    @id("evil-geniuses-update") permit (principal is user, action == Action::"can_update_todo", resource is todo)
    when { principal.roles.contains("evil_genius") };
  `,
};

/** Who takes part in the search scenario: role and department. */
export const staff = {
  alice: ['manager', 'Sales'],
  bob: ['employee', 'Legal'],
  carol: ['contractor', 'Legal'],
  dan: ['manager', 'Finance'],
  erin: ['employee', 'Finance'],
  felix: ['contractor', 'Accounting'],
} as const;

const owners = Object.keys(staff);

/** Departments of the records 101 to 120, of which the six take turns in being the owner. */
const departments: Readonly<Record<string, readonly number[]>> = {
  Legal: [101, 102, 103, 105, 108, 112, 116, 117, 119],
  Accounting: [104, 106, 109, 111, 114, 118, 120],
  Sales: [107, 110, 113],
  Finance: [115],
};

export const recordIds = Array.from({ length: 20 }, (_, at) => String(101 + at));

/** The records application of the search interop: six people, twenty records, six rules. */
export const searchWorld: World = {
  ...empty,
  types: { user: { open: false, asserts: [] }, record: { open: false, asserts: [] } },
  actions: ['view', 'edit', 'delete'],
  entities: [
    ...Object.entries(staff).map(([id, [role, department]]) => ({
      type: 'user',
      id,
      properties: { name: id, role, department },
      in: [],
    })),
    ...recordIds.map((id, at) => {
      const [department = ''] = Object.entries(departments).find(([, ids]) => ids.includes(Number(id))) ?? [];
      return { type: 'record', id, properties: { owner: owners[at % owners.length] ?? '', department }, in: [] };
    }),
  ],
  policies: `
    @id("owners") permit (principal is user, action, resource is record) when { resource.owner == principal.name };
    @id("colleagues-view") permit (principal is user, action == Action::"view", resource is record)
    when { resource.department == principal.department };
    @id("managers-view") permit (principal is user, action == Action::"view", resource is record)
    when { principal.role == "manager" };
    @id("managers-edit") permit (principal is user, action == Action::"edit", resource is record)
    when { principal.role == "manager" && resource.department == principal.department };
  `,
};
