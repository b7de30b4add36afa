import { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { facts, problem, serveHttp } from './serve-http.ts';

/** Northwind's orders. */
const orders = new Map([
  ['8839', { order: '8839', customer: 'Lena Fischer', country: 'DE', total: 61, currency: 'EUR', status: 'delivered' }],
  ['8841', { order: '8841', customer: 'Paul Moreau', country: 'FR', total: 420, currency: 'EUR', status: 'lost in delivery' }],
  ['8842', { order: '8842', customer: 'Ines Prieto', country: 'ES', total: 420, currency: 'EUR', status: 'delivered' }],
]);

function shop(): McpServer {
  const server = new McpServer({ name: 'northwind-shop', version: '1.0.0' });
  server.registerTool(
    'read_order',
    { description: 'Read one order.', inputSchema: z.object({ order: z.string() }), annotations: { readOnlyHint: true } },
    async ({ order }) => {
      const found = orders.get(order);
      return found ? facts(found) : problem(`There is no order ${order}.`);
    },
  );
  server.registerTool(
    'cancel_order',
    {
      description: 'Cancel an order that was not delivered.',
      inputSchema: z.object({ order: z.string() }),
      annotations: { destructiveHint: true },
    },
    async ({ order }) => {
      const found = orders.get(order);
      if (!found || found.status === 'delivered') return problem(`Order ${order} cannot be cancelled.`);
      found.status = 'cancelled';
      return facts(found);
    },
  );
  return server;
}

serveHttp(shop);
