import { dataTables } from './tools/data-tables.ts';

/** Code only: tables of data, documents, manifests and generated files keep the shape they were given. */
export default {
  printWidth: 130,
  singleQuote: true,
  trailingComma: 'all',
  ignorePatterns: [
    '**/*.json',
    '**/*.md',
    '**/*.yaml',
    '**/*.yml',
    'packages/server/src/store/rows.ts',
    ...Object.keys(dataTables),
  ],
};
