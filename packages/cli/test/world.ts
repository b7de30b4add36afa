import { randomBytes } from 'node:crypto';
import type { Action, Explanation } from '@surety/contract/activity';
import type { Agent } from '@surety/contract/agent';
import type { Approval } from '@surety/contract/approval';
import { callText } from '@surety/contract/call';
import { type ExactRecord, readExactJson } from '@surety/contract/exact-json';
import { type QuestionSubstance, questionText } from '@surety/contract/question';
import type { Human } from '@surety/contract/human';
import { createHash } from 'node:crypto';
import { Refusal } from '../../sdk/test/stand-in.ts';
import { openTerminal, type Terminal } from './terminal.ts';
import type { FrontDoor } from '../src/command.ts';

type Loose<Type> = { readonly [Name in keyof Type]: unknown };

const tail = '01k9z7qh4m8y2c3d4e5f6g7h';
export const ids = {
  maya: `hum_${tail}8j`,
  luis: `hum_${tail}8k`,
  refundAgent: `agt_${tail}8j`,
  etl: `agt_${tail}8k`,
  key: `crd_${tail}8j`,
  action: `act_${tail}8j`,
  request: `apr_${tail}8j`,
  mandate: `man_${tail}8j`,
  stop: `stp_${tail}8j`,
  system: `sys_${tail}8j`,
  task: `tsk_${tail}8j`,
  workload: `wkl_${tail}8j`,
  passkey: `pky_${tail}8j`,
} as const;
export const at = '2026-11-25T02:00:00.000Z';
export const claimCode = 'c'.repeat(26);

export const maya: Loose<Human> = {
  id: ids.maya,
  name: 'maya',
  displayName: 'Maya Okafor',
  title: 'head of support',
  groups: [],
  roles: ['administrator', 'owner'],
  state: 'active',
  revision: 1,
  createdAt: at,
};
export const refundAgent: Loose<Agent> = {
  id: ids.refundAgent,
  name: 'refund-bot',
  displayName: 'Refund bot',
  purpose: 'refunds orders that went wrong',
  owner: ids.maya,
  deputies: [],
  riskTier: 'medium',
  autonomy: 'act_within_limits',
  manifest: {},
  state: 'active',
  revision: 1,
  createdAt: at,
};
export const credential = { id: ids.key, principal: ids.maya, jkt: 'q7F', label: 'laptop', state: 'active', createdAt: at };
export const action: Loose<Action> = {
  id: ids.action,
  at,
  agent: ids.refundAgent,
  agentName: 'refund-bot',
  answerable: ids.maya,
  answerableName: 'Maya Okafor',
  task: ids.task,
  system: 'payments',
  operation: 'refund',
  effect: 'money',
  summary: 'order 8841, amount 420',
  state: 'denied',
  reason: 'mandate.constraint',
  link: 'mandate',
  because: 'amount is at most 250, and is 420',
  milliseconds: 6.1,
  approval: null,
  entry: 90,
};
export const explanation: Loose<Explanation> = {
  action,
  lines: [
    {
      link: 'agent',
      title: 'agent refund-bot',
      verdict: 'permits',
      reason: null,
      decided: false,
      text: 'Active.',
      policies: [],
      conditions: [],
      remedies: [],
    },
    {
      link: 'mandate',
      title: 'the mandate of agent refund-bot',
      verdict: 'denies',
      reason: 'mandate.constraint',
      decided: true,
      text: 'The mandate permits payments.refund only when /amount is at most 250, which is what its owner signed in November.',
      policies: [],
      conditions: [{ link: 'mandate', holds: false, text: 'amount is at most 250', found: '420' }],
      remedies: [
        {
          text: 'the mandate, with /amount up to 420',
          by: [
            { name: 'Maya Okafor', role: 'owner of refund-bot' },
            { name: 'Ada', role: 'administrator' },
          ],
        },
      ],
    },
  ],
  forModel: 'Denied (mandate.constraint): payments.refund.',
  conditions: [
    { link: 'mandate', holds: true, text: 'the action is refund' },
    { link: 'mandate', holds: false, text: 'amount is at most 250', found: '420' },
  ],
  policies: ['mandate/refund'],
  mandateVersion: 3,
  recomputed: 'same',
  next: 'Ask Maya Okafor for a mandate that covers it.',
};

/** A request as the real server would show it: what `asked` says goes into its digests; what `more` says is put over it after. */
export function approvalOf(more: Readonly<Record<string, unknown>> = {}, asked: Readonly<Record<string, unknown>> = {}) {
  const text = typeof asked['argumentsText'] === 'string' ? asked['argumentsText'] : '{"amount":420,"order":8841}';
  const whole = {
    id: ids.request,
    action: ids.action,
    agent: ids.refundAgent,
    agentName: 'refund-bot',
    requester: ids.refundAgent,
    requesterName: 'Refund bot',
    system: 'payments',
    operation: 'refund',
    effect: 'money',
    argumentsText: text,
    definition: 'digest-of-the-definition',
    mandateVersion: 3,
    policyVersion: 1,
    because: 'over its €250 mandate',
    answerable: ids.maya,
    answerableName: 'Maya Okafor',
    askedAt: at,
    expiresAt: new Date(Date.now() + 240_000).toISOString(),
    ...asked,
  };
  const call = callText({ ...whole, arguments: readExactJson(text) as ExactRecord });
  const question: QuestionSubstance = { ...whole, callDigest: sha256(call) };
  return {
    ...whole,
    callDigest: question.callDigest,
    questionDigest: sha256(questionText(question)),
    state: 'pending',
    validUntil: null,
    answeredBy: null,
    answeredByName: null,
    answeredAt: null,
    reason: null,
    ...more,
  } satisfies Loose<Approval>;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

/** A terminal whose person, Maya, has claimed the server and is signed in. */
export async function signedIn(frontDoor: FrontDoor = {}): Promise<Terminal> {
  const terminal = await openTerminal(frontDoor);
  answerClaim(terminal);
  const claimed = await terminal.run([
    'claim',
    claimCode,
    '--url',
    terminal.server.url,
    '--gateway',
    terminal.server.url,
    '--person',
    'maya',
    '--called',
    'Maya Okafor',
  ]);
  if (claimed.code !== 0) throw new Error(claimed.err);
  terminal.server.seen.length = 0;
  const { answers } = terminal.server;
  answers['listHumans'] = () => ({ items: [maya] });
  answers['listAgents'] = () => ({ items: [refundAgent] });
  answers['getAgent'] = () => ({ agent: refundAgent, owner: maya, credentials: [] });
  return terminal;
}

export function answerClaim({ server }: Terminal): void {
  server.answers['claimServer'] = ({
    code,
    jwk,
    name,
    displayName,
  }: {
    code: string;
    jwk: unknown;
    name: string;
    displayName: string;
  }) => {
    if (code !== claimCode) throw new Refusal('claim.refused');
    server.enrol(ids.maya, jwk);
    return { human: { ...maya, name, displayName }, credential };
  };
}

/** Makes a key for an agent here, as `surety agent enrol` does. */
export async function enrolled(terminal: Terminal, name = 'refund-bot'): Promise<void> {
  const { server, run } = terminal;
  server.answers['openEnrolment'] = () => ({ principal: ids.refundAgent, code: randomBytes(20).toString('hex'), expiresAt: at });
  server.answers['enrolKey'] = ({ jwk }: { jwk: unknown }) => {
    server.enrol(ids.refundAgent, jwk);
    const { url } = server;
    return {
      principal: ids.refundAgent,
      name,
      credential: { ...credential, principal: ids.refundAgent },
      issuer: url,
      gateway: url,
    };
  };
  const ran = await run(['agent', 'enrol', name]);
  if (ran.code !== 0) throw new Error(ran.err);
  server.seen.length = 0;
}
