import { events } from '@surety/contract/events';
import { faults } from '@surety/contract/faults';
import { reasons } from '@surety/contract/decision';
import type { Route } from '@surety/contract/route';

const madeBy = '<!-- Made by `npm run gen`. Edit the source that is named below, then run it again. -->';

type Setting = {
  readonly description?: string;
  readonly default?: string | number | boolean;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
};

/** What of a JSON Schema (draft 2020-12) the pages below read. */
export type ObjectSchema = { readonly properties?: Readonly<Record<string, Setting>> };

/** Every fault a caller can receive. */
export function faultsPage(): string {
  const rows = Object.entries<{ status: number; title: string; next: string; oauth?: string }>(faults).map(
    ([code, { status, title, next, oauth }]) => [
      `\`${code}\``,
      String(status),
      title,
      next,
      oauth === undefined ? '' : `\`${oauth}\``,
    ],
  );
  return page('Faults', 'packages/contract/src/faults.ts', [
    'An error is an RFC 9457 problem document whose `code` is one of these. Codes are never renamed and never reused. The token',
    'endpoint answers with the OAuth error of the last column.',
    '',
    ...table(['Code', 'Status', 'What happened', 'What to do', 'OAuth error'], rows),
  ]);
}

/** Why decisions fall as they do. */
export function reasonsPage(): string {
  const rows = Object.entries(reasons).map(([code, words]) => [`\`${code}\``, words]);
  return page('Reasons of a decision', 'packages/contract/src/decision.ts', [
    'A closed list: a decision gives one of these, the link of the chain that limited it, and the ids of the policies that decided.',
    '',
    ...table(['Reason', 'In words'], rows),
  ]);
}

/** Every event the ledger can hold, with its members. */
export function eventsPage(): string {
  const rows = Object.entries(events).map(([type, schema]) => {
    const members = Object.keys((schema.toJSONSchema() as ObjectSchema).properties ?? {});
    return [`\`${type}\``, members.map((name) => `\`${name}\``).join(' ')];
  });
  return page('Audit events', 'packages/contract/src/events.ts', [
    'An entry of the ledger is canonical JSON with `id`, `type`, `at`, `actor`, `about`, `task` where there is one, and `data` with',
    'the members of its type. Values of arguments are never among them.',
    '',
    ...table(['Type', 'Members of `data`'], rows),
  ]);
}

/** Every setting, read from the environment. `schema` is the settings' own JSON Schema, as input. */
export function configurationPage(schema: ObjectSchema): string {
  const rows = Object.entries(schema.properties ?? {}).map(([name, setting]) => [
    `\`${name}\``,
    setting.description ?? '',
    setting.default === undefined ? '' : `\`${String(setting.default)}\``,
    rangeOf(setting),
  ]);
  return page('Configuration', 'packages/server/src/config/config.ts', [
    'Settings are read once, from the environment. A value out of range stops the start and names the setting.',
    '',
    ...table(['Setting', 'Meaning', 'Default', 'Range'], rows),
  ]);
}

/** Every route with the action that policy is asked about. */
export function routesPage(routes: readonly Route[]): string {
  const rows = routes.map(({ method, path, summary, action, door }) => [
    `\`${method} ${path}\``,
    summary,
    `\`${action}\``,
    door === 'code' ? 'a one-time code' : 'an access token and a DPoP proof',
  ]);
  return page('Routes', 'packages/contract/src/*-routes.ts', [
    'Shapes are in `openapi.json`. Every route asks the decision point about its action before anything happens.',
    '',
    ...table(['Route', 'What it does', 'Action', 'Opens to'], rows),
  ]);
}

function rangeOf({ type, minimum, maximum, enum: choices }: Setting): string {
  if (choices !== undefined) return choices.map((one) => `\`${String(one)}\``).join(', ');
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  return type === 'boolean' ? 'true or false' : '';
}

/** A page that names its source. */
export function page(title: string, source: string, lines: readonly string[]): string {
  return [madeBy, '', `# ${title}`, '', `Source: \`${source}\`.`, '', ...lines, ''].join('\n');
}

/** A table in which nothing becomes markup. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)];
}
