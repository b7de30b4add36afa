import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '@surety/sdk/write-whole';
import { CliError, usage } from '../cli-error.ts';

/** A server, and who a person is there. Nothing in it is secret; the key is in its own file. */
export type Context = {
  readonly url: string;
  readonly gateway: string;
  readonly principal: string;
  /** The person's machine name there. */
  readonly person: string;
  readonly keyFile: string;
};

export type Contexts = { readonly current: string | undefined; readonly contexts: Readonly<Record<string, Context>> };

const members = ['url', 'gateway', 'principal', 'person', 'keyFile'] as const;

export function contextsFile(home: string): string {
  return join(home, 'contexts.json');
}

/** What is kept, or nothing yet. A file that cannot be read is an error and is never overwritten. */
export async function readContexts(home: string): Promise<Contexts> {
  const path = contextsFile(home);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return { current: undefined, contexts: {} };
    throw thrown;
  }
  try {
    return checkContexts(JSON.parse(text));
  } catch {
    throw new CliError('failed', {
      code: 'local.contexts_unreadable',
      message: `${path} cannot be read`,
      next: ['Correct it, or move it away and add your contexts again.'],
    });
  }
}

function checkContexts(value: { readonly current?: unknown; readonly contexts?: unknown }): Contexts {
  const entries = Object.entries(value.contexts as Record<string, Readonly<Record<string, unknown>>>);
  if (!entries.every(([, context]) => members.every((member) => typeof context[member] === 'string')))
    throw new TypeError('not contexts');
  return {
    current: typeof value.current === 'string' ? value.current : undefined,
    contexts: Object.fromEntries(entries) as Record<string, Context>,
  };
}

export async function saveContexts(home: string, contexts: Contexts): Promise<void> {
  await writeWhole(contextsFile(home), `${JSON.stringify(contexts, undefined, 2)}\n`);
}

/** The context of a name, as typed. */
export function contextNamed({ contexts }: Contexts, name: string): Context {
  const context = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (context === undefined) {
    const known = Object.keys(contexts);
    throw usage(
      `There is no context "${name}".`,
      known.length === 0 ? 'Run "surety claim".' : `Contexts are: ${known.join(', ')}.`,
    );
  }
  return context;
}
