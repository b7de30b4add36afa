import { parseArgs } from 'node:util';
import { benches } from './bench-table.ts';
import { cpuOf, pinTo } from './harness/cpu.ts';
import type { Plan } from './harness/plan.ts';
import { renderTable } from './harness/print-rows.ts';
import type { Row } from './harness/row.ts';

const usage = `npm run bench -- <name> [--json] [--quick] [--no-pin] [--profile <folder>]

${[...benches].map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`).join('\n')}
  all        one after the other

--json     one JSON object a line (its form is bench/harness/row.ts)
--quick    small rounds: shows that it works, not what it costs
--no-pin   do not keep servers and load on a CPU each
--profile  write CPU profiles of our own servers into the folder
--traces   folder of recorded runs for effect (docs/reference/traces.md)
--gateway-runs  how many of them go through the gateway: a number, or all
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    pin: { type: 'boolean', default: true },
    profile: { type: 'string' },
    traces: { type: 'string' },
    'gateway-runs': { type: 'string' },
  },
  allowNegative: true,
});

const everything = [...benches.keys()].filter((name) => name !== 'effect' || values.traces !== undefined);
const chosen = positionals[0] === 'all' ? everything : positionals;
if (chosen.length === 0 || chosen.some((name) => !benches.has(name))) {
  process.stderr.write(usage);
  process.exit(2);
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const pin = values.pin && pinTo(process.pid, cpuOf.load);
if (values.pin && !pin) say('servers and load share their CPUs: this computer has one, or no taskset');
const asked = values['gateway-runs'];
const gatewayRuns = asked === undefined ? undefined : asked === 'all' ? Number.POSITIVE_INFINITY : Number(asked);
if (gatewayRuns !== undefined && !(gatewayRuns >= 0)) {
  process.stderr.write(usage);
  process.exit(2);
}
const plan: Plan = { quick: values.quick, pin, profileFolder: values.profile, traces: values.traces, gatewayRuns, say };

for (const name of chosen) {
  const rows: Row[] = [];
  await benches.get(name)?.run(plan, (row) => {
    rows.push(row);
    if (values.json) process.stdout.write(`${JSON.stringify(row)}\n`);
  });
  if (!values.json) process.stdout.write(`${renderTable(rows)}\n`);
}
