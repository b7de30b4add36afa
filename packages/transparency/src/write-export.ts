import { formatExportLine } from './export-lines.ts';

/** Where an export is read from: a log that answers for its checkpoint and its entries. */
export type ExportSource = {
  readonly checkpoint: () => Promise<{
    readonly origin: string;
    readonly vkey: string;
    readonly size: number;
    readonly note: string;
  }>;
  /** Entries from an index, in order, at most `limit`; fewer only at the end. */
  readonly entries: (
    from: number,
    limit: number,
  ) => Promise<readonly { readonly index: number; readonly leaf: string; readonly entry: string }[]>;
};

/**
 * The lines of an export, without their line feeds: the entries that the checkpoint of this moment covers. Whatever the
 * log gives is written down as it is, gaps too: judging is for `verifyExport`.
 */
export async function* exportLines(source: ExportSource, pageSize = 500): AsyncGenerator<string> {
  const { origin, vkey, size, note } = await source.checkpoint();
  yield formatExportLine({ kind: 'header', origin, vkey });
  for (let from = 0; from < size;) {
    const page = await source.entries(from, Math.min(pageSize, size - from));
    for (const { index, leaf, entry } of page) {
      if (index < size) yield formatExportLine({ kind: 'entry', index, leaf: leaf === '' ? undefined : leaf, entry });
    }
    const last = page.at(-1);
    if (last === undefined || last.index < from) break;
    from = last.index + 1;
  }
  yield formatExportLine({ kind: 'checkpoint', note });
}
