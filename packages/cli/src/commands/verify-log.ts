import { createReadStream } from 'node:fs';
import { getCheckpoint, listEntries } from '@surety/contract/oversight-routes';
import type { Verification } from '@surety/transparency/verify-log';
import { exitCodes, usage } from '../cli-error.ts';
import { read } from '../change.ts';
import type { Cli, CommandSpec, Given } from '../command.ts';
import { type KeptLog, readKept, readRemembered, readVerifierKey, remember } from '../local/kept-log.ts';
import { safeText } from '../output/safe-text.ts';

export const verifyLogCommand: CommandSpec = {
  usage: 'verify',
  summary:
    'Check every entry against the signed tree, offline from a file or online. Exit 8 when it does not match, with the first bad entry',
  options: [
    { flags: '--file <export>', about: 'an export made with "surety log export"; asks no server' },
    { flags: '--from-checkpoint <file>', about: 'a checkpoint that you kept: the log must still begin with it' },
    { flags: '--key <vkey>', about: 'the verifier key of the log, or a file with it; never taken from the export' },
    { flags: '--newest <file>', about: 'a newer checkpoint that was seen elsewhere, by a witness for instance' },
  ],
  run: async (cli, given) => {
    const file = given.text('file');
    const result = file === undefined ? await verifyOnline(cli, given) : await verifyFile(cli, given, file);
    await cli.print.result(result, resultLines(cli, result), result.ok ? 'ok' : result.reason);
    if (result.ok) return exitCodes.done[0];
    return result.reason === 'key.unreadable' ? exitCodes.usage[0] : exitCodes.proof[0];
  },
};

/** What was given to check against. */
type Against = { readonly kept: KeptLog | undefined; readonly vkey: string | undefined; readonly newest: string | undefined };

async function readAgainst(given: Given): Promise<Against> {
  const [from, key, newest] = [given.text('from-checkpoint'), given.text('key'), given.text('newest')];
  const kept = from === undefined ? undefined : await readKept(from);
  return {
    kept,
    vkey: key === undefined ? kept?.vkey : await readVerifierKey(key),
    newest: newest === undefined ? undefined : (await readKept(newest)).note,
  };
}

async function verifyFile(cli: Cli, given: Given, file: string): Promise<Verification> {
  const { kept, vkey, newest } = await readAgainst(given);
  if (vkey === undefined)
    throw usage(
      'The key of the log is needed, from where you kept it.',
      'Add --key, or --from-checkpoint with a checkpoint that was kept with its key.',
    );
  const { splitLines } = await import('@surety/transparency/export-lines');
  const { verifyExport } = await import('@surety/transparency/verify-log');
  const bytes = file === '-' ? bytesOf(cli.io.stdin) : createReadStream(file);
  try {
    return await verifyExport(splitLines(bytes), { vkey, kept, newest });
  } finally {
    if ('destroy' in bytes) bytes.destroy();
  }
}

async function* bytesOf(stdin: Cli['io']['stdin']): AsyncGenerator<Uint8Array> {
  for await (const chunk of stdin) yield Buffer.from(chunk);
}

/**
 * The log as the server gives it, checked like a file. What was checked last time from this computer must still be its
 * beginning; the key is that of the first time.
 */
async function verifyOnline(cli: Cli, given: Given): Promise<Verification> {
  const { url } = await cli.session();
  const against = await readAgainst(given);
  const remembered = await readRemembered(cli.home, url);
  const first = await read(cli, getCheckpoint, {});
  const vkey = against.vkey ?? remembered?.vkey ?? first.vkey;
  if (against.vkey === undefined && remembered === undefined) {
    cli.warn({
      message: 'The key of this log was not known here; from now on it is kept.',
      next: [vkey, 'Compare it with one that you got elsewhere, or give it with --key.'],
    });
  }
  const { exportLines } = await import('@surety/transparency/write-export');
  const { verifyExport } = await import('@surety/transparency/verify-log');
  const lines = exportLines({
    checkpoint: async () => first,
    entries: async (from, limit) => (await read(cli, listEntries, { from, limit })).items,
  });
  const kept = against.kept ?? (remembered === undefined ? undefined : { note: remembered.note });
  const result = await verifyExport(lines, { vkey, kept, newest: against.newest });
  if (result.ok) await remember(cli.home, { url, vkey, note: first.note });
  return result;
}

function resultLines({ print: { style } }: Cli, result: Verification): readonly string[] {
  const grouped = (count: number): string => count.toLocaleString('en-US');
  if (!result.ok) return [style.mark('denied', safeText(result.says)), ...intactLine(result, grouped)];
  const { kept, newest, size, root, origin } = result;
  return [
    ...(kept === undefined ? [] : [style.mark('allowed', `${grouped(size - kept)} new entries follow the checkpoint you kept`)]),
    ...(newest === undefined
      ? []
      : [style.mark('allowed', `the checkpoint that was seen elsewhere agrees, at ${grouped(newest)} entries`)]),
    style.mark('allowed', `${grouped(size)} entries checked, no gaps      root ${root}`),
    `  ${safeText(origin)}`,
  ];
}

function intactLine({ first }: Extract<Verification, { ok: false }>, grouped: (count: number) => string): readonly string[] {
  return first === undefined || first === 0 ? [] : [`  Entries before ${grouped(first)} are intact.`];
}
