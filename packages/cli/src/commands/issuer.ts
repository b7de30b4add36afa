import { AssertionAlg, IssuerKind, type Match, type PartnerClient, type TrustedIssuer } from '@surety/contract/federation';
import {
  addIssuer,
  addMatch,
  addPartnerClient,
  changeIssuer,
  getIssuer,
  listIssuers,
  listPartnerClients,
  removeIssuer,
  removeMatch,
  removePartnerClient,
} from '@surety/contract/federation-routes';
import { askFirst } from '../ask-first.ts';
import { change, read } from '../change.ts';
import { usage } from '../cli-error.ts';
import type { Cli, CommandSpec, Given } from '../command.ts';
import type { Shape } from '../output/print.ts';
import { definedOnly, readChoice, readCount, readNames, readText } from './read-given.ts';

const issuerShape: Shape<TrustedIssuer> = {
  name: ({ name }) => name,
  columns: [
    { title: 'ISSUER', value: ({ name }) => name },
    { title: 'KIND', value: ({ kind }) => kind },
    { title: 'SAYS IT IS', value: ({ issuer }) => issuer },
    { title: 'KEYS FROM', value: ({ keys }) => ('url' in keys ? keys.url : keys.from) },
    { title: 'SIGNS WITH', value: ({ algs }) => algs.join(' '), wide: true },
    { title: 'LIVES AT MOST', value: ({ maxLifetimeSeconds }) => `${maxLifetimeSeconds} s`, wide: true },
    { title: 'ID', value: ({ id }) => id, wide: true },
  ],
};

const matchShape: Shape<Match> = {
  name: ({ id }) => id,
  columns: [
    { title: 'MATCH', value: ({ id }) => id },
    { title: 'WHO SAYS EXACTLY', value: ({ claims, below }) => saidBy(claims, below) },
    { title: 'IS', value: ({ agent }) => agent },
    { title: 'MADE OF', value: ({ manifestClaim }) => manifestClaim ?? 'what it says itself', wide: true },
  ],
};

const partnerShape: Shape<PartnerClient> = {
  name: ({ id }) => id,
  columns: [
    { title: 'INTRODUCTION', value: ({ id }) => id },
    { title: 'AT', value: ({ audience }) => audience },
    { title: 'AGENT', value: ({ agent }) => agent },
    { title: 'IS CALLED', value: ({ clientId }) => clientId },
  ],
};

function saidBy(claims: Match['claims'], below: string | null): string {
  const said = Object.entries(claims).map(([name, value]) => `${name}=${value}`);
  return [...said, ...(below === null ? [] : [`sub below ${below}`])].join(' ');
}

export const issuerCommands: readonly CommandSpec[] = [
  {
    usage: 'list',
    summary: 'Platforms whose word about their workloads is taken',
    run: async (cli) => {
      const { items } = await read(cli, listIssuers, {});
      await cli.print.list(items, issuerShape, 'No issuer is trusted. Add one with "surety issuer add".');
    },
  },
  {
    usage: 'show <issuer>',
    summary: 'One issuer, and which agents its workloads are',
    run: async (cli, { args }) => {
      const { issuer, matches } = await read(cli, getIssuer, { issuer: args[0] ?? '' });
      if (!cli.print.forPeople) return cli.print.one({ ...issuer, matches }, { ...issuerShape, name: () => issuer.name });
      await cli.print.one(issuer, issuerShape);
      await cli.print.list(matches, matchShape, `Nothing of it is an agent yet: surety issuer match ${issuer.name}`);
    },
  },
  {
    usage: 'add <name> <address>',
    summary: 'Trust a platform: its issuer exactly as it writes it, or spiffe://<trust domain>',
    changes: true,
    options: [
      { flags: '--kind <kind>', about: IssuerKind.options.join(', ') },
      { flags: '--jwks <address>', about: 'where its keys are; found through its metadata when left out' },
      { flags: '--bundle <address>', about: 'where the bundle of a trust domain is' },
      { flags: '--keys-file <path>', about: 'its keys (JWKS) in a file: kept, never fetched' },
      { flags: '--alg <name>', about: 'what it may sign with', repeat: true },
      { flags: '--max-seconds <count>', about: 'how long its assertions may live' },
      { flags: '--internal', about: 'its keys may come from a private address' },
      { flags: '--receiver <person>', about: 'who answers at first for agents that it names (workload-grant, client-document)' },
    ],
    run: add,
  },
  {
    usage: 'change <issuer>',
    summary: 'Change what is named of a trusted platform, in place: the agents that came by it stay',
    changes: true,
    options: [
      { flags: '--jwks <address>', about: 'where its keys are' },
      { flags: '--bundle <address>', about: 'where the bundle of a trust domain is' },
      { flags: '--keys-file <path>', about: 'its keys (JWKS) in a file: kept, never fetched' },
      { flags: '--alg <name>', about: 'what it may sign with', repeat: true },
      { flags: '--max-seconds <count>', about: 'how long its assertions may live' },
      { flags: '--internal <yes|no>', about: 'whether its keys may come from a private address' },
      { flags: '--receiver <person>', about: 'who answers at first for agents that it names' },
    ],
    run: edit,
  },
  {
    usage: 'remove <issuer>',
    summary: 'Trust it no more, and end every key it vouched for',
    changes: true,
    run: async (cli, { args }) => {
      const [issuer = ''] = args;
      await askFirst(cli, `Trust ${issuer} no more? Every agent that came by it stops.`);
      const removed = await change(cli, removeIssuer, { issuer });
      if (removed !== undefined) await cli.print.one(removed, issuerShape);
    },
  },
  {
    usage: 'match <issuer> <agent>',
    summary: 'Say which agent a workload is, by claims that must be exactly so',
    changes: true,
    options: [
      { flags: '--claim <name=value>', about: 'a claim, by name or by JSON pointer; all must be so', repeat: true },
      { flags: '--below <path>', about: 'SPIFFE only: every id below this path' },
      { flags: '--manifest-claim <name>', about: 'the claim that attests what a copy is made of' },
    ],
    run: match,
  },
  {
    usage: 'unmatch <match>',
    summary: 'Take a workload for this agent no more, and end every key that came by it',
    changes: true,
    run: async (cli, { args }) => {
      const [id = ''] = args;
      await askFirst(cli, `End ${id}? Every copy that came by it stops.`);
      const ended = await change(cli, removeMatch, { match: id as never });
      if (ended !== undefined) await cli.print.one(ended, matchShape);
    },
  },
];

async function add(cli: Cli, given: Given): Promise<void> {
  const [name = '', issuer = ''] = given.args;
  const kind = readChoice(given, 'kind', IssuerKind.options);
  if (kind === undefined)
    throw usage('It is not said what kind of issuer this is.', `Add --kind: ${IssuerKind.options.join(', ')}.`);
  const more = await describedIn(cli, given);
  const added = await change(cli, addIssuer, { name, kind, issuer, isInternal: given.flag('internal'), ...more });
  if (added !== undefined)
    await cli.print.one(added, issuerShape, [`Next: surety issuer match ${name} <agent> --claim <name=value>`]);
}

async function edit(cli: Cli, given: Given): Promise<void> {
  const [issuer = ''] = given.args;
  const internal = readChoice(given, 'internal', ['yes', 'no']);
  const more = { ...(await describedIn(cli, given)), ...definedOnly({ isInternal: internal && internal === 'yes' }) };
  if (Object.keys(more).length === 0) throw usage('It is not said what to change.', 'Name it, as in --alg ES256.');
  const changed = await change(cli, changeIssuer, { issuer, ...more });
  if (changed !== undefined) await cli.print.one(changed, issuerShape);
}

async function describedIn(cli: Cli, given: Given) {
  const algs = readNames(given, 'alg')?.map((typed) => {
    const alg = AssertionAlg.options.find((one) => one === typed);
    return alg ?? usageOf(`There is no algorithm "${typed}".`, AssertionAlg.options.join(', '));
  });
  return definedOnly({
    keys: await keysOf(cli, given),
    algs,
    maxLifetimeSeconds: readCount(given, 'max-seconds'),
    receiver: given.text('receiver'),
  });
}

async function keysOf(cli: Cli, { text }: Given) {
  const [jwks, bundle, file] = [text('jwks'), text('bundle'), text('keys-file')];
  if ([jwks, bundle, file].filter((one) => one !== undefined).length > 1)
    throw usage('Keys come from one place.', 'Leave all but one of --jwks, --bundle and --keys-file out.');
  if (jwks !== undefined) return { from: 'jwks' as const, url: jwks };
  if (bundle !== undefined) return { from: 'bundle' as const, url: bundle };
  if (file === undefined) return undefined;
  const read = readKeys(await readText(cli, file));
  return { from: 'pinned' as const, keys: read ?? usageOf(`${file} is no set of keys.`, 'a JSON object with "keys"') };
}

function readKeys(text: string): Record<string, unknown>[] | undefined {
  try {
    const { keys } = JSON.parse(text) as { readonly keys?: unknown };
    return Array.isArray(keys) ? (keys as Record<string, unknown>[]) : undefined;
  } catch {
    return undefined;
  }
}

async function match(cli: Cli, given: Given): Promise<void> {
  const [issuer = '', agent = ''] = given.args;
  const claims = given.list('claim').map((typed) => {
    const at = typed.indexOf('=');
    return at > 0 ? ([typed.slice(0, at), typed.slice(at + 1)] as const) : usageOf(`"${typed}" is no claim.`, 'name=value');
  });
  const more = definedOnly({ below: given.text('below'), manifestClaim: given.text('manifest-claim') });
  const made = await change(cli, addMatch, { issuer, agent, claims: Object.fromEntries(claims), ...more });
  if (made !== undefined) await cli.print.one(made, matchShape);
}

function usageOf(message: string, expected: string): never {
  throw usage(message, `Expected ${expected}.`);
}

export const partnerCommands: readonly CommandSpec[] = [
  {
    usage: 'list',
    summary: 'What our agents are called by the authorization servers of partners',
    run: async (cli) => {
      const { items } = await read(cli, listPartnerClients, {});
      await cli.print.list(items, partnerShape, 'No agent is known to a partner. Introduce one with "surety partner introduce".');
    },
  },
  {
    usage: 'introduce <agent> <audience> <client-id>',
    summary: 'Say what an agent is called at a partner, so that it may go there',
    changes: true,
    run: async (cli, { args }) => {
      const [agent = '', audience = '', clientId = ''] = args;
      const made = await change(cli, addPartnerClient, { agent, audience, clientId });
      if (made !== undefined) await cli.print.one(made, partnerShape);
    },
  },
  {
    usage: 'withdraw <introduction>',
    summary: 'Vouch for an agent at a partner no more',
    changes: true,
    run: async (cli, { args }) => {
      const ended = await change(cli, removePartnerClient, { partner: (args[0] ?? '') as never });
      if (ended !== undefined) await cli.print.one(ended, partnerShape);
    },
  },
];
