import type { Io } from '../io.ts';
import { usage } from '../cli-error.ts';
import { safeJson, safeText } from './safe-text.ts';
import type { Mark, Style } from './style.ts';
import { type Cell, renderCsv, renderTable } from './table.ts';

export const formats = ['table', 'wide', 'json', 'jsonl', 'yaml', 'csv', 'name'] as const;
export type Format = (typeof formats)[number];

/** What a person sees of a row. The data formats show the row itself. */
export type Column<Row> = {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly mark?: (row: Row) => Mark | undefined;
  /** Only with `-o wide`, and when one row is shown alone. */
  readonly wide?: boolean;
};

export type Shape<Row> = { readonly columns: readonly Column<Row>[]; readonly name: (row: Row) => string };

export type Printer = {
  readonly format: Format;
  readonly style: Style;
  /** Whether people read this: `table` and `wide`. */
  readonly forPeople: boolean;
  /** A list. Without rows, people are told so on standard error. */
  readonly list: <Row extends object>(rows: readonly Row[], shape: Shape<Row>, none?: string) => Promise<void>;
  /** One thing: `key: value` lines for people. `after` is said below it. */
  readonly one: <Row extends object>(row: Row, shape: Shape<Row>, after?: readonly string[]) => Promise<void>;
  /** Any other result: what people see, and the same as data. */
  readonly result: (value: object, lines: readonly string[], name?: string) => Promise<void>;
  readonly note: (line: string) => void;
};

export type PrinterOptions = { readonly format: Format; readonly fields: readonly string[] | undefined; readonly style: Style };

export function createPrinter(
  io: Pick<Io, 'stdout' | 'stderr' | 'isTty' | 'columns'>,
  { format, fields, style }: PrinterOptions,
): Printer {
  const forPeople = format === 'table' || format === 'wide';
  const width = io.isTty.stdout ? io.columns : undefined;
  const out = (text: string): void => void io.stdout.write(text);
  const note = (line: string): void => void io.stderr.write(`${line}\n`);

  const writeRows = async (rows: readonly object[], alone: boolean): Promise<void> => {
    const chosen = fields === undefined ? rows : rows.map((row) => chooseFields(row, fields));
    if (format === 'jsonl') return out(chosen.map((row) => `${safeJson(JSON.stringify(row))}\n`).join(''));
    const value = alone ? chosen[0] : chosen;
    if (format === 'json') return out(`${safeJson(JSON.stringify(value, undefined, 2))}\n`);
    const { toYaml } = await import('./yaml.ts');
    return out(toYaml(value));
  };
  const flatRows = (rows: readonly object[], names: readonly string[]): string[][] =>
    rows.map((row) => names.map((name) => asText(memberAt(row, name))));

  const show = async <Row extends object>(rows: readonly Row[], shape: Shape<Row>, alone: boolean): Promise<void> => {
    if (format === 'name') return out(rows.map((row) => `${safeText(shape.name(row))}\n`).join(''));
    if (format === 'json' || format === 'jsonl' || format === 'yaml') return writeRows(rows, alone);
    const names = fields ?? [...new Set(rows.flatMap((row) => Object.keys(row)))];
    if (fields !== undefined) for (const row of rows) chooseFields(row, fields);
    if (format === 'csv') return out(renderCsv(names, flatRows(rows, names)));
    if (fields !== undefined) {
      const cells = flatRows(rows, names).map((row) => row.map((text) => ({ text: safeText(text) })));
      return out(
        renderTable(
          names.map((name) => name.toUpperCase()),
          cells,
          { width, flat: style.plainWords || alone },
        ),
      );
    }
    const columns = shape.columns.filter((column) => column.wide !== true || format === 'wide' || alone);
    const titles = columns.map(({ title }) => title);
    return out(
      renderTable(
        titles,
        rows.map((row) => columns.map((column) => cellOf(row, column, style))),
        { width, flat: style.plainWords || alone },
      ),
    );
  };
  return {
    format,
    style,
    forPeople,
    note,
    list: async (rows, shape, none = 'There are none.') => {
      if (rows.length === 0 && forPeople) return note(none);
      return show(rows, shape, false);
    },
    one: async (row, shape, after = []) => {
      await show([row], shape, true);
      if (forPeople) for (const line of after) out(`${line}\n`);
    },
    result: async (value, lines, name = '') => {
      if (forPeople) return out(lines.map((line) => `${line}\n`).join(''));
      return show([value], { columns: [], name: () => name }, true);
    },
  };
}

function cellOf<Row>(row: Row, column: Column<Row>, style: Style): Cell {
  const text = safeText(column.value(row));
  const mark = column.mark?.(row);
  if (mark === undefined) return { text };
  const painted = style.mark(mark, text);
  // oxlint-disable-next-line no-control-regex -- the colour that was just put there
  const plain = painted.replaceAll(/\u001b\[\d+m/g, '');
  return { text: plain, paint: (cut) => (cut === plain ? painted : cut) };
}

/** Members by name, `a.b` for one inside another. A name that is not there is a mistake, and said to be one. */
function chooseFields(row: object, fields: readonly string[]): object {
  return Object.fromEntries(
    fields.map((field) => {
      const value = memberAt(row, field);
      if (value === undefined) throw usage(`There is no field "${field}".`, `Fields are: ${Object.keys(row).join(', ')}.`);
      return [field, value];
    }),
  );
}

function memberAt(row: object, path: string): unknown {
  return path.split('.').reduce<unknown>((now, step) => (isRecord(now) && Object.hasOwn(now, step) ? now[step] : undefined), row);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function asText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return value.join(' ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
