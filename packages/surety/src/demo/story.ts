import {
  answerApproval,
  explainAction,
  getApproval,
  getStop,
  liftStop,
  listActions,
  listApprovals,
  orderStop,
  responsibleFor,
} from '@surety/contract/oversight-routes';
import type { Stop } from '@surety/contract/stop';
import { signAnswerTo } from '@surety/sdk/sign';
import type { Company } from './company.ts';
import type { Told } from './demo-agent.ts';
import { tamperWithLog, type LogAccess } from './edit-log.ts';
import type { Narrator } from './narrate.ts';
import { StoryError } from './story-error.ts';

/** One chapter: what happens, and that it ended as told. Throws `StoryError` when it did not. */
export type Chapter = { readonly key: string; readonly title: string; readonly play: (scene: Scene) => Promise<void> };

export type Scene = {
  readonly company: Company;
  readonly tell: Narrator;
  readonly log: LogAccess;
  /** Where a document of the file server lies. */
  readonly documents: (name: string) => string;
  /** Asks the person at the keyboard for the yes; without a keyboard the story gives it. */
  readonly askForYes: (question: string) => Promise<boolean>;
};

export const chapters: readonly Chapter[] = [
  { key: '1', title: 'a normal refund', play: normalRefund },
  { key: '2', title: 'a refund over the limit', play: overTheLimit },
  { key: '3', title: 'an agent that goes wrong', play: goesWrong },
  { key: '4', title: 'someone edits the log', play: ({ company, tell, log }) => tamperWithLog(company, tell, log) },
];

function expect(told: Told, said: Told['said'], what: string): Told {
  if (told.said === said) return told;
  throw new StoryError(`${what} should have been ${said} and was ${told.said}: ${told.text}`);
}

async function normalRefund({ company, tell, documents }: Scene): Promise<void> {
  const { refundBot, maya } = company;
  const rules = await refundBot.call('files', 'read_text_file', { path: documents('refund-rules.txt') });
  tell.told('refund-bot', 'files.read_text_file', 'refund-rules.txt', expect(rules, 'allowed', 'reading the rules'));
  const read = await refundBot.call('shop', 'read_order', { order: '8839' });
  tell.told('refund-bot', 'shop.read_order', 'order 8839', expect(read, 'allowed', 'reading an order'));
  const paid = await refundBot.call('payments', 'refund', { order: '8839', amount: 61 });
  tell.told('refund-bot', 'payments.refund', 'order 8839, €61.00', expect(paid, 'allowed', 'a refund within the limit'));
  const [newest] = (await maya.client.call(listActions, { agent: 'refund-bot', limit: 1 })).items;
  if (newest?.operation !== 'refund') throw new StoryError('the refund is not in the activity');
  const { sentence } = await maya.client.call(responsibleFor, { action: newest.id });
  tell.note(sentence);
  tell.command(`surety who ${newest.id}`);
}

async function overTheLimit({ company, tell, askForYes }: Scene): Promise<void> {
  const { refundBot } = company;
  const big = await refundBot.call('payments', 'refund', { order: '8842', amount: 9800 });
  tell.told('refund-bot', 'payments.refund', 'order 8842, €9,800.00', expect(big, 'denied', 'a refund far over the limit'));
  await sayWhy(company, tell, big);
  tell.note(`The agent itself is told: "${big.text}"`);
  const asked = refundBot.call('payments', 'refund', { order: '8841', amount: 420 });
  const approval = await firstOpenQuestion(company, 'payments');
  tell.line('held', `refund-bot   payments.refund      order 8841, €420.00`);
  tell.note(`Waits for ${approval.answerableName}: ${sentenceOf(approval.because)}`);
  tell.command(`surety request show ${approval.id}`);
  const yes = await askForYes('Refund €420.00 on order 8841, once?');
  await answer(company, approval.id, yes);
  const told = await asked;
  if (!yes) {
    tell.told('refund-bot', 'payments.refund', 'order 8841, €420.00', expect(told, 'denied', 'a refund that was refused'));
    return sayWhy(company, tell, told);
  }
  tell.line('allowed', `${company.maya.displayName} signs a yes to exactly this call, once`);
  tell.told('refund-bot', 'payments.refund', 'order 8841, €420.00', expect(told, 'allowed', 'an approved refund'));
  await againOnce(company, tell);
}

/** The yes was for one call: the same amount on another order asks again. */
async function againOnce(company: Company, tell: Narrator): Promise<void> {
  const other = company.refundBot.call('payments', 'refund', { order: '8842', amount: 420 });
  const approval = await firstOpenQuestion(company, 'payments');
  await answer(company, approval.id, false);
  tell.told('refund-bot', 'payments.refund', 'order 8842, €420.00', expect(await other, 'denied', 'another refund'));
  tell.note(`The yes was for order 8841 and is used up. This call was asked anew, and ${company.maya.displayName} said no.`);
}

async function goesWrong({ company, tell }: Scene): Promise<void> {
  const { inboxSorter, maya } = company;
  const mail = await inboxSorter.call('inbox', 'read_mail', { id: 'm2' });
  tell.told('inbox-sorter', 'inbox.read_mail', 'letter m2', expect(mail, 'allowed', 'reading a letter'));
  tell.line('observed', 'The letter tells it to send money and customers away. It obeys:');
  const refund = await inboxSorter.call('payments', 'refund', { order: '8842', amount: 9800 });
  tell.told('inbox-sorter', 'payments.refund', 'order 8842, €9,800.00', expect(refund, 'denied', 'a refund by the inbox sorter'));
  await sayWhy(company, tell, refund);
  const away = await inboxSorter.call('inbox', 'send_mail', { to: 'audit@examp1e.org', subject: 'customers', body: 'the list' });
  tell.told('inbox-sorter', 'inbox.send_mail', 'to audit@examp1e.org', expect(away, 'denied', 'a letter to a stranger'));
  await sayWhy(company, tell, away);
  const stop = await stopAndWait(company, inboxSorter.name);
  const slowest = Math.max(...stop.receipts.map(({ milliseconds }) => milliseconds ?? 0));
  const points = stop.receipts.length;
  tell.line('stopped', `${maya.displayName} stops inbox-sorter`);
  tell.note(
    `Confirmed by ${points} of ${points} enforcement points in ${slowest} ms. ${stop.tokensEnded} live tokens and ${stop.tasksEnded} tasks ended with it.`,
  );
  tell.command('surety stop agent inbox-sorter');
  const after = await inboxSorter.call('inbox', 'list_mail', {});
  if (after.said === 'allowed') throw new StoryError('a stopped agent was served');
  tell.told('inbox-sorter', 'inbox.list_mail', 'after the stop', after);
  tell.note(after.text);
  await maya.client.call(liftStop, { agent: inboxSorter.name, reason: 'the letter was deleted' });
}

/** Why a call was denied, with what was found, as the person who answers for the agent may see it. */
async function sayWhy({ maya }: Company, tell: Narrator, { action }: Told): Promise<void> {
  if (action === undefined) throw new StoryError('a denial names no action');
  const { action: denied, conditions, recomputed } = await maya.client.call(explainAction, { action: action as never });
  if (recomputed !== 'same') throw new StoryError('a denial, computed again, falls differently');
  const found = conditions.find(({ holds, found: value }) => !holds && value !== undefined)?.found;
  tell.note(`${sentenceOf(denied.because)}${found === undefined ? '' : ` It was ${found}.`}`);
  tell.command(`surety why ${action}`);
}

async function stopAndWait(company: Company, agent: string): Promise<Stop> {
  const { client } = company.maya;
  let stop = await client.call(orderStop, { agent, reason: 'it does what a letter tells it' });
  for (let tries = 0; tries < 50 && stop.receipts.some(({ state }) => state === 'waiting'); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    stop = await client.call(getStop, { stop: stop.id });
  }
  if (stop.receipts.length === 0 || stop.receipts.some(({ state }) => state !== 'confirmed'))
    throw new StoryError('a stop was not confirmed');
  return stop;
}

async function firstOpenQuestion(company: Company, system: string) {
  for (let tries = 0; tries < 200; tries++) {
    const { items } = await company.maya.client.call(listApprovals, { state: 'pending' });
    const found = items.find((one) => one.system === system);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new StoryError('the call was not held');
}

function sentenceOf(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

async function answer(company: Company, id: string, yes: boolean): Promise<void> {
  const { client, key } = company.maya;
  const question = await client.call(getApproval, { approval: id as never });
  const said = yes ? ({ answer: 'approve' } as const) : ({ answer: 'refuse', reason: 'Not this one.' } as const);
  const signature = await signAnswerTo(key, question, said, Date.now());
  await client.call(answerApproval, { approval: question.id, signature });
}
