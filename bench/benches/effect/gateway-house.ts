import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addSystem, classifyOperation, giveMandate, readMandate } from '@surety/contract/authority-routes';
import { addDestination, labelOperation, removeDestination } from '@surety/contract/flow-routes';
import type { DestinationKind } from '@surety/contract/flow';
import { MandateDocument } from '@surety/contract/mandate';
import { answerApproval, getApproval } from '@surety/contract/oversight-routes';
import { addHuman, moveAgent, openEnrolment, registerAgent } from '@surety/contract/registry-routes';
import type { SalientValue } from '@surety/decision/flow/flow-facts';
import { keyOf } from '@surety/decision/flow/salient-values';
import { createSigningKey, type SigningKey } from '@surety/sdk/agent-key';
import { claim, enrol } from '@surety/sdk/enrol';
import { signAnswerTo, signMandate } from '@surety/sdk/sign';
import { type Surety, suretyWithKey } from '@surety/sdk/surety';
import { readConfig } from '@surety/server/config/config';
import { openLog } from '@surety/server/kernel/log';
import { runSurety } from 'surety/run-surety';
import { type Place, type PlaceSystem, permissionsOf } from './place.ts';
import { openRecordedSystem, type RecordedSystem } from './recorded-system.ts';

/**
 * The whole of Surety on a PostgreSQL of its own, before systems that answer what was recorded, with a person who answers for
 * all agents.
 */
export type GatewayHouse = {
  /** Who asks for the work. Somebody else answers for it. */
  readonly requester: Surety;
  systemOf(system: PlaceSystem): RecordedSystem;
  /** A new agent with the mandate of a place. */
  hire(place: Place): Promise<Surety>;
  /** Makes the directory of known destinations hold exactly this. */
  knowOnly(values: readonly SalientValue[]): Promise<void>;
  answer(approval: string, isYes: boolean): Promise<void>;
  close(): Promise<void>;
};

const day = 86_400_000;

export async function openGatewayHouse(places: readonly Place[]): Promise<GatewayHouse> {
  const folder = mkdtempSync(join(tmpdir(), 'surety-effect-'));
  const opened: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of opened.toReversed()) await end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const env = {
      SURETY_DATA_DIR: folder,
      SURETY_PORT: '0',
      SURETY_GATEWAY_PORT: '0',
      SURETY_HOLD_MS: '0',
      SURETY_LOG_LEVEL: 'error',
    };
    const config = readConfig(env);
    const running = await runSurety(config, openLog(config.SURETY_LOG_LEVEL));
    opened.push(() => running.close());
    const at = { issuer: running.issuer, gateway: running.gateway.url };
    const key = await createSigningKey();
    const { code } = await running.house.openClaim();
    const { human } = await claim({ url: at.issuer, code, key, name: 'maya', displayName: 'Maya' });
    const person = suretyWithKey({ ...at, clientId: human.id, key });
    const systems = new Map<PlaceSystem, RecordedSystem>();
    for (const system of places.flatMap((place) => place.systems)) {
      const recorded = await openRecordedSystem(system.tools);
      opened.push(() => recorded.close());
      systems.set(system, recorded);
      await protect(person, system, recorded.url);
    }
    const known = new Map<string, SalientValue>();
    const requester = await addRequester(person, at);
    return {
      requester,
      systemOf: (system) => systems.get(system) ?? missing(system.name),
      hire: (place) => hire({ person, key, ...at, owner: human.id }, place),
      knowOnly: (values) => knowOnly(person, known, values),
      answer: async (approval, isYes) => {
        const question = await person.client.call(getApproval, { approval: approval as never });
        const signature = await signAnswerTo(
          key,
          question,
          { answer: isYes ? 'approve' : 'refuse', reason: 'replay' },
          Date.now(),
        );
        await person.client.call(answerApproval, { approval: question.id, signature });
      },
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function addRequester({ client }: Surety, at: { readonly issuer: string; readonly gateway: string }): Promise<Surety> {
  const human = await client.call(addHuman, { name: 'omar', displayName: 'Omar', title: '', groups: [], roles: ['owner'] });
  const { code } = await client.call(openEnrolment, { principal: human.id });
  const key = await createSigningKey();
  await enrol({ url: at.issuer, code, key, label: 'replay' });
  return suretyWithKey({ ...at, clientId: human.id, key });
}

function missing(name: string): never {
  throw new Error(`the system ${name} was not opened`);
}

/** Protects a system, and says of its operations what the place says of them. */
async function protect({ client }: Surety, { name, inside, operations }: PlaceSystem, url: string): Promise<void> {
  await client.call(addSystem, { name, upstream: { kind: 'mcp-http', url, inside } });
  for (const { name: operation, effect, labels, fields, guards } of operations.values()) {
    await client.call(classifyOperation, { system: name, operation, effect });
    await client.call(labelOperation, {
      system: name,
      operation,
      labels: [...labels],
      fields: copyOf(fields),
      guards: [...guards],
    });
  }
}

function copyOf(fields: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(fields).map(([pointer, labels]) => [pointer, [...labels]]));
}

type Hiring = {
  readonly person: Surety;
  readonly key: SigningKey;
  readonly issuer: string;
  readonly gateway: string;
  readonly owner: string;
};

async function hire({ person: { client }, key, issuer, gateway, owner }: Hiring, { definition }: Place): Promise<Surety> {
  const name = `agent-${crypto.randomUUID().slice(0, 13)}`;
  const agent = await client.call(registerAgent, {
    name,
    displayName: name,
    purpose: definition.purpose,
    owner: owner as never,
    autonomy: 'act',
  });
  const { code } = await client.call(openEnrolment, { principal: agent.id as never });
  const own = await createSigningKey();
  await enrol({ url: issuer, code, key: own, label: 'replay' });
  await client.call(moveAgent, { agent: agent.id, to: 'active', reason: 'ready' });
  const document = MandateDocument.parse({
    agent: agent.id,
    purpose: definition.purpose,
    autonomy: 'act',
    expiresAt: new Date(Date.now() + 30 * day).toISOString(),
    permissions: permissionsOf(definition),
  });
  const { digest } = await client.call(readMandate, { document });
  const signature = await signMandate(key, { digest, agent: agent.id }, Date.now());
  await client.call(giveMandate, { document, signature });
  return suretyWithKey({ issuer, gateway, clientId: agent.id, key: own });
}

async function knowOnly({ client }: Surety, known: Map<string, SalientValue>, values: readonly SalientValue[]): Promise<void> {
  const wanted = new Map(values.map((value) => [keyOf(value), value]));
  for (const [key, { kind, value }] of known) {
    if (wanted.has(key)) continue;
    await client.call(removeDestination, { kind: kind as DestinationKind, value });
    known.delete(key);
  }
  for (const [key, value] of wanted) {
    if (known.has(key)) continue;
    await client.call(addDestination, { kind: value.kind as DestinationKind, value: value.value });
    known.set(key, value);
  }
}
