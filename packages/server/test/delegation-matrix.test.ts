import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { hashAccessToken } from '@surety/proof/dpop';
import { afterAll, beforeAll, test } from 'vitest';
import { endTask } from '#delegation/end-task';
import { type Authority, openAuthority } from '#http/testing/authority';
import { type Client, openClient, type Principal } from '#http/testing/client';
import { changeHuman } from '#registry/change-human';
import { moveAgent } from '#registry/move-agent';
import { revokeCredential } from '#registry/revoke-credential';
import { orderStop } from '#stop/order-stop';

let authority: Authority;
let crm: string;
let reader: Client;

beforeAll(async () => {
  authority = await openAuthority({ nodes: 2 });
  for (const name of ['crm', 'erp']) await authority.system(name);
  crm = `${authority.gatewayUrl}/mcp/crm`;
  reader = openClient(authority.issuer, await authority.human(['administrator']), `${authority.issuer}/v1`);
});
afterAll(() => authority.close());

type Party = Principal & { readonly client: Client };
type Held = { readonly token: string; readonly task: string };

const party = (one: Principal): Party => ({ ...one, client: openClient(authority.issuer, one, crm) });
const anAgent = async () => party(await authority.agent());

async function heldBy(by: Party, parameters: Readonly<Record<string, string>>): Promise<Held> {
  const { status, body } = await by.client.token(parameters);
  assert.equal(status, 200, JSON.stringify(body));
  return { token: String(body['access_token']), task: String(body['task']) };
}

const exchanging = (subject: string, resource = crm) => ({
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token: subject,
  subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  resource,
});

const offering = (to: Principal, more: Readonly<Record<string, string>> = {}) => ({
  resource: authority.issuer,
  may_act: to.id,
  ...more,
});

/** A person asks an agent, which hands on to another, which hands on to the last; and that one offers a part to a fourth. */
type Line = {
  readonly person: Party;
  readonly root: Party & Held;
  readonly middle: Party & Held;
  readonly last: Party & Held;
  readonly next: Party;
  readonly pending: string;
};

async function line(): Promise<Line> {
  const [person, first, second, third, next] = [
    party(await authority.human()),
    await anAgent(),
    await anAgent(),
    await anAgent(),
    await anAgent(),
  ];
  const take = async (from: Party, to: Party, more: Readonly<Record<string, string>>) =>
    ({ ...to, ...(await heldBy(to, exchanging((await heldBy(from, offering(to, more))).token))) }) as Party & Held;
  const root = await take(person, first, { purpose: 'a matrix' });
  const middle = await take(root, second, { task: root.task });
  const last = await take(middle, third, { task: middle.task });
  return { person, root, middle, last, next, pending: (await heldBy(last, offering(next, { task: last.task }))).token };
}

/** What the door of a resource says on each node, one word. */
async function atTheDoor({ client, token }: Party & Held): Promise<string> {
  const nonce = await client.nonce();
  const said = await Promise.all(
    authority.nodes.map(({ authenticator }) =>
      authenticator
        .authenticate({
          method: 'POST',
          url: crm,
          audience: crm,
          authorization: `DPoP ${token}`,
          dpop: client.proof({ htm: 'POST', htu: crm, ath: hashAccessToken(token), nonce, jti: randomUUID() }),
        })
        .then(
          () => 'in',
          ({ code }: { code: string }) => code,
        ),
    ),
  );
  return [...new Set(said)].join();
}

/** Every way there is to go on with the last task of a line, and what came of it: true where something was given. */
async function everyWay({ last, next, pending }: Line): Promise<Record<string, boolean>> {
  const gives = async (answer: Promise<{ readonly status: number }>) => (await answer).status === 200;
  const ways: Record<string, boolean> = {
    'introspection by a resource': (await reader.ask('/introspect', last.token)).body['active'] === true,
    'the door of a resource': (await atTheDoor(last)) === 'in',
  };
  for (const [at, { url }] of authority.nodes.entries()) {
    ways[`renewal, node ${at}`] = await gives(last.client.token({ task: last.task }, url));
    ways[`another resource, node ${at}`] = await gives(
      last.client.token(exchanging(last.token, `${authority.gatewayUrl}/mcp/erp`), url),
    );
    ways[`handing it on, node ${at}`] = await gives(last.client.token(offering(next, { task: last.task }), url));
  }
  ways['exchange of what was offered'] = await gives(next.client.token(exchanging(pending)));
  return ways;
}

const house = () => ({ db: authority.db, clock: authority.clock });
const admin = () => authority.admin;
const move = (agent: string, to: 'suspended' | 'retired') => moveAgent(house(), admin(), { agent, to, reason: 'test' });
const human = (id: string, state: 'suspended' | 'left') => changeHuman(house(), admin(), { human: id, state });

const links = ['root', 'middle', 'last'] as const;
const ends: Readonly<Record<string, (line: Line) => Promise<unknown>>> = {
  ...Object.fromEntries(
    links.flatMap((link) => [
      [`the ${link} agent is suspended`, (one: Line) => move(one[link].id, 'suspended')],
      [`the ${link} agent retires`, (one: Line) => move(one[link].id, 'retired')],
      [`the ${link} agent is stopped`, (one: Line) => orderStop(house(), admin(), { agent: one[link].id, reason: 'test' })],
      [`the owner of the ${link} agent is suspended`, (one: Line) => human(one[link].owner, 'suspended')],
      [`the owner of the ${link} agent leaves`, (one: Line) => human(one[link].owner, 'left')],
      [
        `the key of the ${link} agent is revoked`,
        (one: Line) => revokeCredential(house(), admin(), { credential: one[link].credential }),
      ],
      [`the task of the ${link} agent ends`, (one: Line) => endTask(house(), admin(), { task: one[link].task })],
    ]),
  ),
  'the person who asked is suspended': ({ person }) => human(person.id, 'suspended'),
  'the person who asked leaves': ({ person }) => human(person.id, 'left'),
  'the key by which the person asked is revoked': ({ person }) =>
    revokeCredential(house(), admin(), { credential: person.credential }),
};

test('while every link is live, every way gives something', async () => {
  assert.deepEqual([...new Set(Object.values(await everyWay(await line())))], [true]);
});

test.for(Object.keys(ends))('%s: no way gives anything (P4)', async (name) => {
  const one = await line();
  await authority.settled(ends[name]!(one));
  const given = Object.entries(await everyWay(one)).filter(([, isGiven]) => isGiven);
  assert.deepEqual(
    given.map(([way]) => way),
    [],
  );
});
