import { request } from 'node:http';

/**
 * The program that the suite starts for every scenario (`conformance client --command`). It hands the scenario to the client
 * that runs already (`openClient`), at the address in `SURETY_CONFORMANCE_CLIENT`, and ends as that did.
 */
const { env } = process;
const part = {
  url: process.argv.at(-1),
  scenario: env['MCP_CONFORMANCE_SCENARIO'],
  revision: env['MCP_CONFORMANCE_PROTOCOL_VERSION'],
  agreed: JSON.parse(env['MCP_CONFORMANCE_CONTEXT'] ?? '{}') as unknown,
};

const asked = request(env['SURETY_CONFORMANCE_CLIENT'] ?? '', { method: 'POST' }, (response) => {
  if (response.statusCode !== 204) process.exitCode = 1;
  response.pipe(process.stderr, { end: false });
});
asked.once('error', (thrown) => {
  console.error(thrown.message);
  process.exitCode = 1;
});
asked.end(JSON.stringify(part));
