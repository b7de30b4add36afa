import { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { facts, serveHttp } from './serve-http.ts';

/** Money that left, as a payment provider would keep it. */
const refunds: { order: string; amount: number }[] = [];

function payments(): McpServer {
  const server = new McpServer({ name: 'northwind-payments', version: '1.0.0' });
  server.registerTool(
    'refund',
    {
      description: 'Pay money back for an order, in euros.',
      inputSchema: z.object({ order: z.string(), amount: z.number().positive(), note: z.string().optional() }),
    },
    async ({ order, amount }) => {
      refunds.push({ order, amount });
      return facts({ refunded: amount, currency: 'EUR', order, reference: `rf-${1000 + refunds.length}` });
    },
  );
  server.registerTool(
    'list_refunds',
    { description: 'List the refunds of today.', inputSchema: z.object({}), annotations: { readOnlyHint: true } },
    async () => facts({ refunds }),
  );
  server.registerTool(
    'payout',
    {
      description: 'Pay an amount to a bank account.',
      inputSchema: z.object({ iban: z.string(), amount: z.number().positive() }),
    },
    async ({ amount }) => facts({ paid: amount }),
  );
  return server;
}

/** The provider's own key. Surety keeps it and puts it in; no agent ever has it. */
const apiKey = process.env['PAYMENTS_API_KEY'] ?? '';

serveHttp(payments, (request) =>
  apiKey !== '' && request.headers.get('x-api-key') === apiKey
    ? undefined
    : new Response('a valid x-api-key is needed', { status: 401 }),
);
