/**
 * Files that are tables of data, by name, each with its reason: a row a line reads better than what a formatter makes of it,
 * so they are not formatted, and they may be longer than a file of code.
 */
export const dataTables: Readonly<Record<string, string>> = {
  'packages/contract/src/faults.ts': 'one fault a line',
  'packages/contract/src/events.ts': 'one event a line',
  'packages/contract/src/authority-routes.ts': 'one route a block, its name, method, path and action in one line',
  'packages/contract/src/lab-routes.ts': 'one route a block, its name, method, path and action in one line',
  'packages/contract/src/oversight-routes.ts': 'one route a block, its name, method, path and action in one line',
  'packages/contract/src/registry-routes.ts': 'one route a block, its name, method, path and action in one line',
  'packages/server/src/store/rows.ts': 'generated: one type a table',
  'packages/server/src/config/config.ts': 'one setting a line, with its default and its meaning',
};
