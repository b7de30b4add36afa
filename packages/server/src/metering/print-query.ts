import type { CallPattern, Measure } from '@surety/contract/limits';
import { spellPointer } from '@surety/decision/counts/call-pattern';
import type { CountQuery } from '@surety/decision/counts/count-query';
import { listedTexts } from '@surety/decision/counts/plain-text';
import type { DeedMeasure, DeedPattern, DeedQuery, Printed } from '#ledger/deed';
import { type PrintKey, printText } from './print-values.ts';

/** A query as the table of deeds can be asked it: pointers in one spelling, values as fingerprints. */
export function printQuery(key: PrintKey, { who, of, same, measure, isStrict }: CountQuery): DeedQuery {
  return {
    ...who,
    of: of.map((pattern) => printPattern(key, pattern)),
    same: same.map(({ there, texts }) => ({ at: there, prints: texts.map((text) => printText(key, text)) })),
    measure: printMeasure(key, measure),
    isStrict,
  };
}

function printPattern(key: PrintKey, { system, actions, effects, where = {} }: CallPattern): DeedPattern {
  return {
    system,
    actions,
    ...(effects === undefined ? {} : { effects }),
    where: Object.entries(where).map(([pointer, { in: listed }]): Printed => ({
      at: spellPointer(pointer),
      prints: listedTexts(listed).map((text) => printText(key, text)),
    })),
  };
}

function printMeasure(key: PrintKey, measure: Measure): DeedMeasure {
  if (typeof measure === 'string') return { kind: measure };
  if ('rows' in measure) return { kind: 'rows' };
  if ('distinct' in measure) return { kind: 'distinct', at: spellPointer(measure.distinct) };
  const { sum, unit } = measure;
  const at = spellPointer(sum);
  if (unit?.at === undefined) return { kind: 'sum', at };
  return {
    kind: 'sum',
    at,
    unit: { at: spellPointer(unit.at), prints: listedTexts([unit.is]).map((text) => printText(key, text)) },
  };
}

/** The arguments that a query looks at. */
export function pointersOf({ of, measure }: Pick<CountQuery, 'of' | 'measure'>): readonly string[] {
  const where = of.flatMap((pattern) => Object.keys(pattern.where ?? {}));
  if (typeof measure === 'string') return where;
  if ('distinct' in measure) return [...where, measure.distinct];
  if ('rows' in measure) return where;
  return [...where, ...(measure.unit?.at === undefined ? [] : [measure.unit.at])];
}
