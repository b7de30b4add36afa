import { giveMandate, readMandate } from '@surety/contract/authority-routes';
import type { MandateDocument, Permission } from '@surety/contract/mandate';
import { moveAgent, openEnrolment, registerAgent } from '@surety/contract/registry-routes';
import { readContexts } from '@surety/cli/local/contexts';
import { enrolHere } from '@surety/sdk/enrol-here';
import { suretyHome } from '@surety/sdk/local-identity';
import { signMandate } from '@surety/sdk/sign';
import { surety } from '@surety/sdk/surety';

/** A person's part: registers three agents, which make their keys on this computer, and signs a mandate for each. */

const home = suretyHome(process.env);
const { current = '', contexts } = await readContexts(home);
const person = contexts[current];
if (person === undefined) throw new Error('Set SURETY_HOME to the folder that the platform printed.');
const { url, gateway, keyFile } = person;
const me = surety({ url, gateway, clientId: person.principal, keyFile });

const readOrders: Permission = { system: 'shop', actions: ['read_order'] };
const refundUpTo = (max: string): Permission => ({
  system: 'payments',
  actions: ['refund'],
  where: { '/amount': { over: '0', max } },
});

await hire('planner', 'Settle complaints about parcels.', [readOrders, refundUpTo('500')]);
await hire('order-reader', 'Look orders up.', [readOrders]);
await hire('refund-clerk', 'Refund what was decided.', [refundUpTo('1000')]);

async function hire(name: string, purpose: string, permissions: Permission[]): Promise<void> {
  const agent = await me.client.call(registerAgent, { name, displayName: name, purpose, owner: person?.principal ?? '' });
  const { code } = await me.client.call(openEnrolment, { principal: agent.id });
  await enrolHere({ agent: name, url, code, label: 'example' });
  await me.client.call(moveAgent, { agent: agent.id, to: 'active', reason: 'set up' });
  const expiresAt = new Date(Date.now() + 24 * 3_600_000).toISOString();
  const document: MandateDocument = { agent: agent.id, purpose, autonomy: 'act_within_limits', expiresAt, permissions };
  const { digest } = await me.client.call(readMandate, { document });
  const signature = await signMandate(await me.key(), { digest, agent: agent.id }, Date.now());
  await me.client.call(giveMandate, { document, signature });
  console.log(`${name} is ready; ${current} answers for it.`);
}
