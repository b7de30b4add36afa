// A system on standard streams that does what the call says: echoes, ends, stays silent, or tells of its environment.
import { createInterface } from 'node:readline';

const say = (message) => process.stdout.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
const tools = ['echo', 'die', 'silence', 'environment', 'progress', 'garbage'].map((name) => ({
  name,
  description: name,
  inputSchema: { type: 'object' },
}));

const acts = {
  initialize: (id) =>
    say({
      jsonrpc: '2.0',
      id,
      result: {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {}, logging: {}, tasks: {} },
        serverInfo: { name: 'child', version: '1' },
      },
    }),
  'tools/list': (id) => say({ jsonrpc: '2.0', id, result: { tools } }),
  echo: (id, line) => say({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: line }] } }),
  die: () => process.exit(1),
  silence: () => {},
  environment: (id) =>
    say({
      jsonrpc: '2.0',
      id,
      result: {
        content: [
          {
            type: 'text',
            text: JSON.stringify({ pid: process.pid, names: Object.keys(process.env), key: process.env.SHOP_KEY }),
          },
        ],
      },
    }),
  progress: (id, line) => {
    const { progressToken } = JSON.parse(line).params._meta;
    for (const progress of [1, 2]) say({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, progress } });
    setTimeout(() => say({ jsonrpc: '2.0', id, result: { content: [] } }), 20);
  },
  garbage: (id) => {
    say('this is not JSON');
    say({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'after garbage' }] } });
  },
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  acts[method === 'tools/call' ? params.name : method]?.(id, line);
});
