import { usage } from '@surety/cli/cli-error';
import { type Config, readConfig } from '@surety/server/config/config';

/** The configuration, or wrong usage that says what is wrong with it. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Config {
  try {
    return readConfig(env);
  } catch (thrown) {
    const said = thrown instanceof Error ? thrown.message : '';
    const each = [...said.matchAll(/✖ (.*)\n\s*→ at (.*)/g)].map(([, problem, place]) => `${place}: ${problem}`);
    throw usage('The configuration is refused.', each.length === 0 ? said : each.join('; '));
  }
}

/** What `--port` sets: the gateway listens one port further, where those who know only the one look for the other. */
export function portSettings(
  typed: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  if (typed === undefined) return {};
  const next = /^[1-9]\d{0,4}$/.test(typed) ? String(Number(typed) + 1) : '0';
  return { SURETY_PORT: typed, ...(env['SURETY_GATEWAY_PORT'] === undefined ? { SURETY_GATEWAY_PORT: next } : {}) };
}
