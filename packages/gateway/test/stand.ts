import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type Json, messagesOf, type RawAnswer } from './raw-caller.ts';
import { answerJson, event, openRawSystem, type RawSystem, type Received, textResult } from './raw-system.ts';
import { openRig, type Rig } from './rig.ts';
import { decision, newAction } from './scripted-house.ts';

export type Behaviour = (received: Received, response: ServerResponse) => void;

/** A guard before one system that behaves as the test says, and one that is not there. */
export type Stand = {
  readonly rig: Rig;
  readonly shop: RawSystem;
  behave: Behaviour;
  /** How many answers of the system were cut by the other side. */
  closedEarly: number;
  /** The newest outcome. */
  outcome(): Json;
  reset(): void;
  close(): Promise<void>;
};

export const canary = 'canary-7f3a9c';

export const refund = { name: 'refund', arguments: { order: '8841', amount: 420 } };
export const withProgress = {
  ...refund,
  _meta: {
    progressToken: 'p1',
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  },
};

export async function openStand(): Promise<Stand> {
  const shop = await openRawSystem((received, response) => {
    response.once('close', () => void (response.writableFinished || stand.closedEarly++));
    stand.behave(received, response);
  });
  const rig = await openRig({ limits: { callMs: 1_500, answerBytes: 1 << 20 } });
  rig.system('shop', shop.url, ['refund'], { name: 'Authorization', value: `Bearer ${canary}` });
  rig.system('gone', 'http://127.0.0.1:9/mcp', ['refund']);
  const stand: Stand = {
    rig,
    shop,
    behave: () => {},
    closedEarly: 0,
    outcome: () => (rig.house.settled.at(-1)?.outcome ?? {}) as unknown as Json,
    reset: () => {
      stand.closedEarly = 0;
      stand.behave = ({ message }, response) => answerJson(response, textResult(message?.['id'], 'done'));
      rig.house.decide = () => ({ kind: 'go', actionId: newAction(), decision: decision('permitted', 'permit') });
      rig.house.onSettle = async () => {};
      rig.house.isFresh = true;
    },
    close: async () => {
      await rig.close();
      await shop.close();
    },
  };
  return stand;
}

export const last = (answer: RawAnswer): Json => messagesOf(answer).at(-1) ?? {};

export function openStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
}

export function openWith(response: ServerResponse, message: object): void {
  openStream(response);
  response.write(event(message));
}

export async function until(holds: () => boolean, ms = 3_000): Promise<void> {
  for (const end = Date.now() + ms; !holds(); await pause(5)) assert.ok(Date.now() < end, 'it did not come to that in time');
}
