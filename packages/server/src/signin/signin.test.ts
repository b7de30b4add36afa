import assert from 'node:assert/strict';
import { afterAll, describe, test } from 'vitest';
import { openAuthority } from '#http/testing/authority';
import { openClient, type Principal } from '#http/testing/client';
import { changeHuman } from '#registry/change-human';
import { openEnrolment } from '#registry/open-enrolment';
import { browserOrigin } from './browser-origin.ts';
import { enrolPasskey, openBrowser, signIn } from './testing/browser.ts';
import { type SoftwarePasskey, softwarePasskey } from './testing/software-passkey.ts';
import { pruneInteractive } from '#issuance/interactive/prune-interactive';
import { endStaleSessions } from './end-stale-sessions.ts';
import { readPasskeys, revokePasskey } from './revoke-passkey.ts';
import { safeNext } from './signin-pages.ts';

const authority = await openAuthority();
const house = { db: authority.db, clock: authority.clock };
const origin = browserOrigin(authority.issuer);

afterAll(() => authority.close());

async function aCode() {
  const { id } = await authority.human();
  return { id, code: (await openEnrolment(house, authority.admin, { principal: id, seconds: 900 })).code };
}

const codeOf = ({ page }: { page: string }) => String((JSON.parse(page) as { code?: string }).code);
const isSignedIn = async (browser: ReturnType<typeof openBrowser>) =>
  /You are signed in/.test((await browser.get('/signin')).page);

describe('a passkey', () => {
  test('is made with a code, once; the code is spent only with it', async () => {
    const [{ id, code }, browser] = [await aCode(), openBrowser(origin)];
    await browser.send('/passkeys/start', { code });
    await enrolPasskey(browser, code);
    assert.equal(await authority.count('passkey.registered', id), 1);
    assert.equal(codeOf(await browser.send('/passkeys/start', { code })), 'enrolment.refused');
  });

  test('of two that are made with one code at the same moment, one is kept', async () => {
    const [{ id, code }, browser] = [await aCode(), openBrowser(origin)];
    const started = [await browser.send('/passkeys/start', { code }), await browser.send('/passkeys/start', { code })];
    const finished = await Promise.all(
      started.map(({ page }) =>
        browser.send('/passkeys/finish', { code, answer: softwarePasskey(origin).register(JSON.parse(page)) }),
      ),
    );
    assert.deepEqual(
      finished.map(({ status }) => status).toSorted((one, other) => one - other),
      [200, 403],
    );
    assert.equal(await authority.count('passkey.registered', id), 1);
  });

  test('is made by whoever is signed in as well, and by nobody else', async () => {
    const [{ id, code }, browser] = [await aCode(), openBrowser(origin)];
    await signIn(browser, await enrolPasskey(browser, code));
    const started = await browser.send('/passkeys/start', {});
    const answer = softwarePasskey(origin).register(JSON.parse(started.page));
    assert.equal((await browser.send('/passkeys/finish', { answer })).status, 200);
    assert.equal(await authority.count('passkey.registered', id), 2);
    assert.equal((await openBrowser(origin).send('/passkeys/start', {})).status, 401);
  });

  test.for([
    ['made without user verification', { flags: 0x01 }],
    ['made for another origin', { origin: 'http://evil.example' }],
  ] as const)('%s is refused, and the code is still good', async ([, changed]) => {
    const [{ id, code }, browser] = [await aCode(), openBrowser(origin)];
    const started = await browser.send('/passkeys/start', { code });
    const answer = softwarePasskey(origin).register(JSON.parse(started.page), changed);
    assert.equal((await browser.send('/passkeys/finish', { code, answer })).status, 400);
    assert.equal(await authority.count('passkey.registered', id), 0);
    await enrolPasskey(browser, code);
  });

  test('made with the challenge of one person is not kept for another', async () => {
    const [one, other, browser] = [await aCode(), await aCode(), openBrowser(origin)];
    const started = await browser.send('/passkeys/start', { code: one.code });
    const answer = softwarePasskey(origin).register(JSON.parse(started.page));
    assert.equal(codeOf(await browser.send('/passkeys/finish', { code: other.code, answer })), 'enrolment.refused');
    assert.equal(await authority.count('passkey.registered', other.id), 0);
  });
});

describe('signing in', () => {
  test('opens a session that is kept only as a hash, in a cookie that no script reads', async () => {
    const [{ code }, browser] = [await aCode(), openBrowser(origin)];
    const passkey = await enrolPasskey(browser, code);
    const started = await browser.send('/signin/start', {});
    const { headers } = await browser.send('/signin/finish', { answer: passkey.answer(JSON.parse(started.page)) });
    const cookie = headers.getSetCookie()[0] ?? '';
    assert.match(cookie, /^surety_session=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax$/);
    const token = browser.cookies.get('surety_session') ?? '';
    const { rows } = await authority.db.query<{ row: string }>('select session::text as row from session');
    assert.ok(rows.length > 0 && rows.every(({ row }) => !row.includes(token)));
    assert.equal(await isSignedIn(browser), true);
  });

  test.for(['an old challenge', 'another origin', 'no user verification', 'a copied passkey', 'an unknown passkey'])(
    'with %s is refused',
    async (what) => {
      const [{ code }, browser] = [await aCode(), openBrowser(origin)];
      const passkey = await enrolPasskey(browser, code);
      await signIn(browser, passkey);
      const visitor = openBrowser(origin);
      const options = JSON.parse((await visitor.send('/signin/start', {})).page) as { challenge: string };
      if (what === 'a copied passkey') passkey.counter = 0;
      const changed =
        what === 'another origin' ? { origin: 'http://evil.example' } : what === 'no user verification' ? { flags: 1 } : {};
      const by = what === 'an unknown passkey' ? softwarePasskey(origin) : passkey;
      const answer = by.answer(options, changed);
      if (what === 'an old challenge') {
        assert.equal((await visitor.send('/signin/finish', { answer })).status, 200);
        visitor.cookies.clear();
      }
      assert.equal(codeOf(await visitor.send('/signin/finish', { answer })), 'signin.refused');
      assert.equal(await isSignedIn(visitor), false);
    },
  );

  test('never takes over a session that the browser came with (fixation), and ends it', async () => {
    const [one, other] = [await aCode(), await aCode()];
    const [attacker, victim] = [openBrowser(origin), openBrowser(origin)];
    await signIn(attacker, await enrolPasskey(attacker, one.code));
    const planted = attacker.cookies.get('surety_session') ?? '';
    victim.cookies.set('surety_session', planted);
    await signIn(victim, await enrolPasskey(openBrowser(origin), other.code));
    assert.notEqual(victim.cookies.get('surety_session'), planted);
    assert.equal(await isSignedIn(attacker), false);
  });

  test('leads to no address but a consent page', () => {
    for (const next of [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      '/consent/../authorize',
      'javascript:alert(1)',
      '/consent/a?b',
      null,
    ])
      assert.equal(safeNext(next), '/signin');
    assert.equal(safeNext('/consent/abc_-1'), '/consent/abc_-1');
  });
});

describe('a session', () => {
  const open = async () => {
    const [{ id, code }, browser] = [await aCode(), openBrowser(origin)];
    await signIn(browser, await enrolPasskey(browser, code));
    return { id, browser };
  };

  test('ends with the suspension of its person, and stays over when they come back', async () => {
    const { id, browser } = await open();
    await changeHuman(house, authority.admin, { human: id, state: 'suspended' });
    assert.equal(await isSignedIn(browser), false);
    await changeHuman(house, authority.admin, { human: id, state: 'active' });
    assert.equal(await isSignedIn(browser), false);
  });

  test('ends when it was idle for an hour, and twelve hours after the passkey was shown', async () => {
    const [idle, busy] = [await open(), await open()];
    try {
      authority.clock.moveMs += 3_601_000;
      assert.equal(await isSignedIn(idle.browser), false);
      authority.clock.moveMs -= 3_601_000;
      for (let hours = 0; hours < 12.5; hours += 0.5) {
        if (hours < 12) assert.equal(await isSignedIn(busy.browser), true, String(hours));
        authority.clock.moveMs += 1_800_000;
      }
      assert.equal(await isSignedIn(busy.browser), false);
    } finally {
      authority.clock.moveMs = 0;
    }
  });

  test('whose end nobody asked for is written down once, with why: idle, at its end, or with its person', async () => {
    await endStaleSessions(house);
    const [idle, cut, live] = [await open(), await open(), await open()];
    const idOf = async (human: string) =>
      (await authority.db.query<{ id: string }>('select id from session where human = $1', [human])).rows[0]?.id ?? '';
    const whyOf = async (session: string) => {
      const { rows } = await authority.db.query<{ why: string }>(
        "select body::jsonb->'data'->>'why' as why from entry where type = 'session.ended' and about = $1",
        [session],
      );
      return rows.map(({ why }) => why);
    };
    const [idleId, cutId, liveId] = [await idOf(idle.id), await idOf(cut.id), await idOf(live.id)];
    await changeHuman(house, authority.admin, { human: cut.id, state: 'suspended' });
    await authority.db.query("update session set seen_at = seen_at - interval '2 hours' where id = $1", [idleId]);
    assert.equal(await endStaleSessions(house), 2);
    assert.equal(await endStaleSessions(house), 0);
    assert.deepEqual([await whyOf(idleId), await whyOf(cutId), await whyOf(liveId)], [['idle'], ['cut_off'], []]);
    assert.equal(await isSignedIn(live.browser), true);
    await authority.db.query('update session set expires_at = $2 where id = $1', [liveId, new Date(authority.clock() - 1)]);
    await pruneInteractive(house);
    assert.deepEqual(await whyOf(liveId), ['expired'], 'it is written down before it is forgotten');
  });

  test('ends by signing out, which only a form of ours can do', async () => {
    const { browser } = await open();
    const csrf = /name="csrf" value="([^"]+)"/.exec((await browser.get('/signin')).page)?.[1] ?? '';
    const kept = new Map(browser.cookies);
    assert.equal((await browser.submit('/signout', { csrf }, { origin: 'https://evil.example' })).status, 403);
    await browser.submit('/signout', { csrf: 'x' });
    for (const [name, value] of kept) browser.cookies.set(name, value);
    assert.equal(await isSignedIn(browser), true);
    await browser.submit('/signout', { csrf });
    for (const [name, value] of kept) browser.cookies.set(name, value);
    assert.equal(await isSignedIn(browser), false);
  });
});

test('what the script asks is answered only to a page of ours', async () => {
  for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }, { 'content-type': 'text/plain' }]) {
    const { status } = await openBrowser(origin).send('/signin/start', {}, headers);
    assert.ok([400, 403].includes(status), JSON.stringify(headers));
  }
  const bare = await fetch(`${origin}/signin/start`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  });
  assert.equal(bare.status, 403, 'no origin at all');
});

test('every page refuses frames, inline script and style, and is not kept', async () => {
  for (const path of ['/signin', '/enrol']) {
    const { headers, page } = await openBrowser(origin).get(path);
    const policy = headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
    assert.match(policy, /frame-ancestors 'none'; base-uri 'none'/);
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.doesNotMatch(page, /<style|style=|<script>|onclick/);
  }
});

describe('a passkey that is revoked', () => {
  /** A person with two passkeys, signed in with each. */
  async function signedInTwice() {
    const person = await authority.human();
    const browsers = [openBrowser(origin), openBrowser(origin)];
    const passkeys: SoftwarePasskey[] = [];
    for (const browser of browsers) {
      const { code } = await openEnrolment(house, authority.admin, { principal: person.id, seconds: 900 });
      const passkey = await enrolPasskey(browser, code);
      await signIn(browser, passkey);
      passkeys.push(passkey);
    }
    return { person, browsers, passkeys };
  }

  test('opens nothing any more, its sessions end, and those of another passkey do not; all of it is on record', async () => {
    const { person, browsers, passkeys } = await signedInTwice();
    const [second, first] = await readPasskeys(authority.db, person.id);
    assert.ok(first !== undefined && second !== undefined);
    const ended = await revokePasskey(house, authority.admin, { passkey: first.id });
    assert.equal(ended.state, 'revoked');
    assert.deepEqual(await Promise.all(browsers.map(isSignedIn)), [false, true]);
    await assert.rejects(signIn(browsers[0]!, passkeys[0]!));
    assert.deepEqual(
      (await readPasskeys(authority.db, person.id)).map(({ id }) => id),
      [second.id],
    );
    assert.deepEqual(await revokePasskey(house, authority.admin, { passkey: first.id }), ended, 'once more changes nothing');
    assert.equal(await authority.count('passkey.revoked', person.id), 1);
    const { rows } = await authority.db.query<{ id: string }>('select id from session where passkey = $1', [first.id]);
    assert.equal(await authority.count('session.ended', rows[0]?.id ?? ''), 1);
    const { rows: said } = await authority.db.query('select 1 from change where key = $1', [first.id]);
    assert.equal(said.length, 2);
  });

  test('over the API: by its person and security, and by nobody else; what is not there is said to those who may', async () => {
    const { person } = await signedInTwice();
    const [stranger, security] = [await authority.human(['owner', 'developer']), await authority.human(['security'])];
    const as = (by: Principal) => openClient(authority.issuer, by, `${authority.issuer}/v1`);
    const list = (by: Principal) => as(by).call('GET', `/v1/humans/${person.id}/passkeys`);
    const end = (by: Principal, passkey: string) => as(by).call('POST', `/v1/passkeys/${passkey}/revoke`, { body: {} });
    const listed = await list(person);
    const items = listed.body['items'] as { id: string; label: string }[];
    assert.deepEqual([listed.status, items.length], [200, 2], JSON.stringify(listed.body));
    assert.doesNotMatch(JSON.stringify(listed.body), /publicKey|credentialId|counter/);
    const [second = '', first = ''] = items.map(({ id }) => id);
    for (const answer of [await list(stranger), await end(stranger, first)]) assert.equal(answer.status, 403);
    assert.equal((await end(person, first)).status, 200);
    assert.equal((await end(security, second)).status, 200);
    assert.deepEqual((await list(security)).body['items'], []);
    const absent = await end(security, `pky_${'0'.repeat(26)}`);
    assert.deepEqual([absent.status, absent.body['code']], [404, 'passkey.not_found']);
  });
});
