import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline/promises';
import type { Cli, CommandSpec } from '@surety/cli/command';
import { openLog } from '@surety/server/kernel/log';
import { type Company, makeCompany } from '../demo/company.ts';
import { openLocalKeys } from '../demo/local-keys.ts';
import { narrator, type Stage } from '../demo/narrate.ts';
import { serverProgram, startServer } from '../demo/start-servers.ts';
import { chapters, type Scene } from '../demo/story.ts';
import { StoryError } from '../demo/story-error.ts';
import { type Running, runSurety } from '../run-surety.ts';
import { portSettings, readSettings } from '../settings.ts';
import { untilAborted } from '../until-aborted.ts';

export const demoCommand: CommandSpec = {
  usage: '',
  summary: 'A sample company in a throw-away folder',
  run: async (cli, given) => {
    const { style } = cli.print;
    const stage: Stage = { write: (text) => void cli.io.stdout.write(text), style };
    const once = given.flag('story');
    const byKey = !once && cli.io.isTty.stdin && cli.io.isTty.stdout;
    const demo = await openDemo(stage, given.text('port'));
    try {
      if (byKey) return await playByKey(cli, demo, stage);
      const code = await playStory(demo, stage);
      if (once) return code;
      stage.write(`\n${signInHint(demo)}\nStill up: ${demo.running.issuer}   Ctrl-C ends it.\n`);
      await untilAborted(cli.io.signal);
      return code;
    } finally {
      if (byKey) stage.write('\nending …\n');
      await demo.close();
    }
  },
};

type Demo = {
  readonly running: Running;
  readonly company: Company;
  readonly documents: string;
  /** With SURETY_HOME set to it, the commands of the story work in another terminal. */
  readonly home: string;
  readonly close: () => Promise<void>;
};

/** Starts everything, and tells of each part when it stands. What was started ends again when a later part does not start. */
async function openDemo(stage: Stage, port: string | undefined): Promise<Demo> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-demo-'));
  const closing: (() => Promise<unknown>)[] = [removeOnExit(folder), () => rm(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const end of closing.toReversed()) await end().catch(() => undefined);
  };
  try {
    const tell = openingLines(stage);
    const config = readSettings({
      SURETY_DATA_DIR: join(folder, 'data'),
      SURETY_ALLOW_COMMANDS: 'true',
      ...portSettings(port, {}),
    });
    const running = await runSurety(config, openLog('error'));
    closing.push(() => running.close());
    tell('platform', `API ${running.issuer}   gateway ${running.gateway.url}`);
    const home = join(folder, 'home');
    const company = await fillCompany(running, { folder, home, closing });
    closing.push(company.refundBot.close, company.inboxSorter.close);
    tell('company', 'Northwind: 4 people, 2 agents, 4 protected MCP servers');
    return { running, company, documents: documentsIn(folder), home, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** A process that is made to end at once has no time to close anything: the folder goes with it all the same. */
function removeOnExit(folder: string): () => Promise<void> {
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  process.once('exit', remove);
  return async () => void process.off('exit', remove);
}

/** `✓ what   text   seconds`, with the seconds at the edge of 80 columns. */
function openingLines({ write, style }: Stage): (what: string, text: string) => void {
  let from = performance.now();
  return (what, text) => {
    const took = `${((performance.now() - from) / 1000).toFixed(1)} s`;
    write(`  ${style.mark('allowed', what.padEnd(10))}${text.padEnd(65 - took.length)} ${took}\n`);
    from = performance.now();
  };
}

type Premises = { readonly folder: string; readonly home: string; readonly closing: (() => Promise<unknown>)[] };

async function fillCompany(running: Running, { folder, home, closing }: Premises): Promise<Company> {
  const paymentsKey = randomBytes(16).toString('hex');
  const [shop, payments] = await Promise.all([startServer('shop'), startServer('payments', { PAYMENTS_API_KEY: paymentsKey })]);
  closing.push(shop.close, payments.close);
  await mkdir(documentsIn(folder));
  await writeFile(
    join(documentsIn(folder), 'refund-rules.txt'),
    'Refund what was lost or damaged in delivery. Over 250 euros, ask.\n',
  );
  const place = { issuer: running.issuer, gateway: running.gateway.url };
  const claim = await running.house.openClaim();
  return makeCompany({ ...place, keys: openLocalKeys(home, place) }, claim.code, {
    shop: shop.url,
    payments: payments.url,
    paymentsKey,
    inbox: [process.execPath, serverProgram('inbox')],
    files: [process.execPath, filesystemServer(), documentsIn(folder)],
  });
}

/** A server that is not ours: the reference MCP server for files. */
function filesystemServer(): string {
  return createRequire(import.meta.url).resolve('@modelcontextprotocol/server-filesystem/dist/index.js');
}

function documentsIn(folder: string): string {
  return join(folder, 'documents');
}

/** How another terminal becomes Maya's. */
function signInHint({ home }: Demo): string {
  return `To type the commands that are shown, as Maya, in another terminal:\n  export SURETY_HOME=${home}`;
}

function sceneOf({ running, company, documents }: Demo, stage: Stage, askForYes: Scene['askForYes']): Scene {
  const log = {
    query: (text: string, values: readonly unknown[]) => running.house.store.db.query<Record<string, unknown>>(text, values),
  };
  return { company, tell: narrator(stage), log, documents: (name) => join(documents, name), askForYes };
}

/** Every chapter in order, with a yes given where one is asked for. */
async function playStory(demo: Demo, stage: Stage): Promise<number> {
  const scene = sceneOf(demo, stage, async () => true);
  for (const chapter of chapters) {
    stage.write(`\n> ${chapter.key}  ${chapter.title}\n`);
    try {
      await chapter.play(scene);
    } catch (thrown) {
      const why = thrown instanceof StoryError ? thrown.message : String(thrown);
      stage.write(`\n${stage.style.mark('denied', `The story did not end as told: ${why}`)}\n`);
      return 1;
    }
  }
  stage.write(`\n${stage.style.mark('allowed', 'Every step ended as told.')}\n`);
  return 0;
}

async function playByKey(cli: Cli, demo: Demo, stage: Stage): Promise<number> {
  const keyboard = createInterface({ input: process.stdin, output: process.stdout });
  keyboard.on('SIGINT', () => keyboard.close());
  cli.io.signal.addEventListener('abort', () => keyboard.close(), { once: true });
  const scene = sceneOf(demo, stage, async (question) =>
    /^(y|yes)?$/i.test((await ask(keyboard, `            ${question} [Y/n] `)) ?? 'n'),
  );
  stage.write(`\nYou are Maya Okafor, head of support. You answer for both agents.\n${signInHint(demo)}\n`);
  for (;;) {
    stage.write(`\n${menu()}\n`);
    const key = (await ask(keyboard, '> '))?.trim();
    if (key === undefined || key === 'q') break;
    if (key === '5') await playStory(demo, stage);
    const chapter = chapters.find((one) => one.key === key);
    await chapter?.play(scene).catch((thrown: unknown) => stage.write(`${stage.style.mark('denied', wordsOf(thrown))}\n`));
  }
  keyboard.close();
  return 0;
}

function menu(): string {
  const choices = chapters.map(({ key, title }) => `${key} ${title}`);
  return `Press  ${choices.slice(0, 3).join('   ')}\n       ${[...choices.slice(3), '5 all of it', 'q quit'].join('   ')}`;
}

function wordsOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What was typed, or undefined when the keyboard is gone. */
async function ask(keyboard: Interface, question: string): Promise<string | undefined> {
  const gone = new Promise<undefined>((resolve) => keyboard.once('close', () => resolve(undefined)));
  return Promise.race([keyboard.question(question).catch(() => undefined), gone]);
}
