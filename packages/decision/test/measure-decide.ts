import { type MandateDocument } from '@surety/contract/mandate';
import { openCedar } from '../src/cedar-engine.ts';
import { compileMandate } from '../src/compile-mandate.ts';
import { decide } from '../src/decide.ts';
import { prepareMandate } from '../src/policy-set.ts';
import { aCall, aDocument } from './a-call.ts';

/**
 * Prints what one decision costs when this many agents with a mandate each take turns:
 * `node --conditions=@surety/source packages/decision/test/measure-decide.ts`.
 */
const organisation = `
  permit (principal, action in [Action::"read", Action::"write", Action::"money"], resource);
  forbid (principal, action in Action::"money", resource) when { context.args has currency && context.args.currency == "XXX" };
  @hold("Large amounts need a second person.") permit (principal, action in Action::"money", resource) when { context.args has amount && context.args.amount > 10000 };`;

const document: MandateDocument = aDocument({
  permissions: [
    {
      system: 'payments',
      actions: ['refund'],
      where: { '/amount': { max: 250 }, '/currency': { in: ['EUR', 'USD'] } },
      hold: [{ when: { '/amount': { over: 200 } }, because: 'Larger refunds need a look.' }],
    },
    { system: 'payments', actions: ['get_*', 'list_*'] },
    { system: 'crm', actions: ['*'], hours: { from: '08:00', until: '18:00', zone: 'Europe/Berlin' } },
  ],
});

for (const mandates of [1, 10, 100, 1000, 3000]) {
  const engine = openCedar();
  const base = aCall(engine, { document, organisation, arguments: { amount: 120, currency: 'EUR', order: 'A-8841' } });
  const calls = Array.from({ length: mandates }, (_, at) => {
    const id = `agt_${String(at).padStart(26, '0')}`;
    const compiled = compileMandate({ id: `man_${at}`, document: { ...document, agent: id as typeof document.agent } });
    if (!compiled.ok || base.mandate === undefined || base.agent === undefined || base.task === undefined)
      throw new Error('the mandate compiles');
    return {
      ...base,
      agent: { ...base.agent, id },
      task: { ...base.task, agent: id, requester: id },
      mandate: { ...base.mandate, id: `man_${at}`, policies: prepareMandate(engine, compiled.mandate) },
    };
  });
  const rounds = Math.max(2, Math.ceil(3000 / mandates));
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const call of calls) {
      const start = performance.now();
      const { outcome } = decide(call, engine);
      times.push(performance.now() - start);
      if (outcome !== 'permit') throw new Error(outcome);
    }
  }
  const warm = times.slice(Math.min(times.length / 2, Math.max(mandates, 200))).sort((left, right) => left - right);
  const at = (share: number) => `${((warm[Math.floor(warm.length * share)] ?? 0) * 1000).toFixed(0)} µs`;
  process.stdout.write(`${mandates} mandates: median ${at(0.5)}, p95 ${at(0.95)} over ${warm.length} calls\n`);
}
