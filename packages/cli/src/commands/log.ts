import { getCheckpoint, listEntries, proveInclusion } from '@surety/contract/oversight-routes';
import type { LedgerEntry } from '@surety/contract/ledger';
import { read } from '../change.ts';
import { CliError, exitCodes, usage } from '../cli-error.ts';
import type { Cli, CommandSpec, Given } from '../command.ts';
import { keepCheckpoint, readRemembered, readVerifierKey } from '../local/kept-log.ts';
import { safeJson, safeText } from '../output/safe-text.ts';
import { localTime } from '../output/times.ts';
import { pause } from '../pause.ts';
import { verifyLogCommand } from './verify-log.ts';

export const logCommands: readonly CommandSpec[] = [
  verifyLogCommand,
  {
    usage: 'checkpoint',
    summary: 'The newest signed checkpoint, as the note that was signed. Keep it: whatever is changed below it can be found',
    options: [
      { flags: '--keep <file>', about: 'write it to a file, with the key and the leaf hashes beside it, which locate a change' },
    ],
    run: async (cli, given) => {
      const checkpoint = await read(cli, getCheckpoint, {});
      const path = given.text('keep');
      if (path !== undefined) await keep(cli, path, checkpoint);
      await cli.print.result(checkpoint, checkpoint.note.replace(/\n$/, '').split('\n').map(safeText), String(checkpoint.size));
    },
  },
  {
    usage: 'export',
    summary: 'The whole log as lines of JSON, to be checked offline by anyone with "surety log verify --file"',
    run: async (cli) => {
      const { exportLines } = await import('@surety/transparency/write-export');
      const source = {
        checkpoint: async () => read(cli, getCheckpoint, {}),
        entries: async (from: number, limit: number) => (await read(cli, listEntries, { from, limit })).items,
      };
      for await (const line of exportLines(source)) cli.io.stdout.write(`${line}\n`);
    },
  },
  {
    usage: 'prove <index>',
    summary: 'Proof that an entry is under the newest checkpoint, checked here. Exit 8 when it does not hold',
    options: [{ flags: '--key <vkey>', about: 'the verifier key of the log, or a file with it' }],
    run: prove,
  },
  { usage: 'tail', summary: 'Entries as they are added, until Ctrl-C', run: tail },
];

/** The leaf hashes are computed here from the entries, and kept only when they lead to the signed root. */
async function keep(
  cli: Cli,
  path: string,
  checkpoint: { readonly note: string; readonly size: number; readonly vkey: string },
): Promise<void> {
  const { leafHash } = await import('@surety/transparency/merkle');
  const { exportLines } = await import('@surety/transparency/write-export');
  const { verifyExport } = await import('@surety/transparency/verify-log');
  const vkey = await knownKey(cli, undefined, checkpoint.vkey);
  const leaves: Uint8Array[] = [];
  const lines = exportLines({
    checkpoint: async () => ({ origin: checkpoint.note.split('\n')[0] ?? '', ...checkpoint }),
    entries: async (from, limit) => {
      const { items } = await read(cli, listEntries, { from, limit });
      leaves.push(...items.filter(({ index }) => index < checkpoint.size).map(({ entry }) => leafHash(entry)));
      return items;
    },
  });
  const result = await verifyExport(lines, { vkey });
  if (!result.ok)
    throw new CliError('proof', { code: result.reason, message: result.says, next: ['Nothing was kept. surety log verify'] });
  await keepCheckpoint(path, { note: checkpoint.note, vkey, leaves: Buffer.concat(leaves) });
  cli.print.note(`kept in ${path}, ${path}.vkey and ${path}.leaves, after all ${checkpoint.size} entries were checked`);
}

async function knownKey(cli: Cli, typed: string | undefined, served: string): Promise<string> {
  if (typed !== undefined) return readVerifierKey(typed);
  const { url } = await cli.session();
  return (await readRemembered(cli.home, url))?.vkey ?? served;
}

async function prove(cli: Cli, given: Given): Promise<number> {
  const [typed = ''] = given.args;
  if (!/^\d{1,15}$/.test(typed))
    throw usage(`There is no entry "${typed}".`, 'Give the index of an entry, as "surety activity ls -o wide" shows it.');
  const index = Number(typed);
  const [proof, { vkey: served }] = [await read(cli, proveInclusion, { index }), await read(cli, getCheckpoint, {})];
  const { openCheckpoint } = await import('@surety/transparency/checkpoint');
  const { parseVerifierKey } = await import('@surety/transparency/note');
  const { leafHash, verifyInclusion } = await import('@surety/transparency/merkle');
  const { hashFromBase64 } = await import('@surety/transparency/bytes');

  const key = parseVerifierKey(await knownKey(cli, given.text('key'), served));
  const checkpoint = key === undefined ? undefined : openCheckpoint(proof.checkpoint, key);
  const hashes = proof.hashes.map(hashFromBase64);
  const isWhole = hashes.every((hash) => hash !== undefined);
  const holds =
    checkpoint !== undefined &&
    isWhole &&
    proof.index === index &&
    verifyInclusion({ leaf: leafHash(proof.entry), index, size: checkpoint.size, root: checkpoint.root }, hashes);
  const { style } = cli.print;
  await cli.print.result(
    { ...proof, holds },
    holds
      ? [
          style.mark('allowed', `Entry ${index} is under the signed tree of ${checkpoint.size} entries.`),
          `  ${safeText(proof.entry)}`,
        ]
      : [style.mark('denied', `Entry ${index} does not match the signed tree.`)],
    holds ? 'ok' : 'differs',
  );
  return holds ? exitCodes.done[0] : exitCodes.proof[0];
}

async function tail(cli: Cli): Promise<never> {
  let from = (await read(cli, getCheckpoint, {})).size;
  for (;;) {
    const { items } = await read(cli, listEntries, { from, limit: 500 });
    for (const entry of items) cli.io.stdout.write(`${entryLine(cli, entry)}\n`);
    from = (items.at(-1)?.index ?? from - 1) + 1;
    await pause(500, cli.io.signal);
  }
}

function entryLine(cli: Cli, { index, entry, leaf }: LedgerEntry): string {
  if (!cli.print.forPeople) return safeJson(JSON.stringify({ index, leaf, entry }));
  const { at, type, actor, about } = membersOf(entry);
  return `${index}  ${at === '' ? '' : localTime(at, cli.io.now())}  ${safeText(`${type}  ${actor}  ${about}`)}`;
}

function membersOf(entry: string): Readonly<Record<'at' | 'type' | 'actor' | 'about', string>> {
  let read: Readonly<Record<string, unknown>> = {};
  try {
    read = { ...(JSON.parse(entry) as object) };
  } catch {
    // An entry that is no JSON is shown by its index alone; "log verify" says whether it is what was signed.
  }
  const text = (name: string): string => (typeof read[name] === 'string' ? read[name] : '');
  return { at: text('at'), type: text('type'), actor: text('actor'), about: text('about') };
}
