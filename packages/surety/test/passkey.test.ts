import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openEnrolment } from '@surety/contract/registry-routes';
import { setRedirects } from '@surety/contract/signin-routes';
import { test } from 'vitest';
import { missingBrowser, openChromium, pageWithPasskeys } from './browser.ts';
import { bodyOf } from './raw-http.ts';
import { openRig } from './rig.ts';

test.skipIf(missingBrowser !== undefined)(
  'in a real browser: a passkey by the claim link, sign-in, consent, and a call through the gateway with what came of it',
  async () => {
    const [rig, browser] = [await openRig(), await openChromium()];
    const callback = createServer((_request, response) => response.end('<!doctype html><title>back</title>back'));
    await new Promise<void>((resolve) => callback.listen(0, '127.0.0.1', resolve));
    try {
      const agent = await rig.hire('refund-bot');
      const redirect = `http://127.0.0.1:${(callback.address() as AddressInfo).port}/callback`;
      await rig.maya.client.call(setRedirects, { agent: 'refund-bot', redirects: ['http://127.0.0.1/callback'] });
      const { code: enrolment } = await rig.maya.client.call(openEnrolment, { principal: rig.maya.id });
      const context = await browser.newContext();
      const page = await pageWithPasskeys(context);
      const trouble: string[] = [];
      page.on('console', (message) => message.type() === 'error' && trouble.push(message.text()));
      page.on('pageerror', (thrown) => trouble.push(String(thrown)));

      await page.goto(`${rig.place.issuer}/enrol#code=${enrolment}`);
      assert.equal(new URL(page.url()).hostname, 'localhost', 'sent to where passkeys work, the code still behind the #');
      await page.getByRole('button', { name: 'Make a passkey' }).click();
      await page.getByText('Your passkey is made.').waitFor();

      const verifier = randomBytes(32).toString('base64url');
      const resource = `${rig.place.gateway}/mcp/payments`;
      const asked = new URLSearchParams({
        client_id: agent.id,
        response_type: 'code',
        redirect_uri: redirect,
        resource,
        code_challenge: hash('sha256', verifier, 'base64url'),
        code_challenge_method: 'S256',
        state: 'xyz',
        purpose: 'Answer the refunds of this morning',
      });
      const metadata = await (await fetch(`${rig.place.issuer}/.well-known/oauth-authorization-server`)).json();
      await page.goto(`${(metadata as { authorization_endpoint: string }).authorization_endpoint}?${asked.toString()}`);
      await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
      await page.getByText('Answer the refunds of this morning').waitFor();
      await page.getByRole('button', { name: 'Yes, for this task' }).click();
      await page.waitForURL((url) => url.pathname === '/callback');
      const back = new URL(page.url()).searchParams;
      assert.deepEqual([back.get('state'), back.get('iss'), back.get('error')], ['xyz', rig.place.issuer, null]);
      assert.deepEqual(trouble, [], 'nothing broke our own content policy');

      const form = {
        grant_type: 'authorization_code',
        code: back.get('code') ?? '',
        code_verifier: verifier,
        redirect_uri: redirect,
        resource: undefined,
      };
      const token = bodyOf(await agent.askToken(resource, { form }));
      assert.equal(typeof token['access_token'], 'string', JSON.stringify(token));
      const told = await agent.call(
        'payments',
        'refund',
        { order_id: 'o-1', amount: 10, currency: 'EUR' },
        { token: String(token['access_token']) },
      );
      assert.equal(told.said, 'allowed', told.text);
      const [intended] = await rig.entries('call.intended');
      assert.equal(intended?.data['answerable'], rig.maya.id);

      await page.goto(`${rig.place.issuer}/signin`);
      await page.getByText('You are signed in').waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
      assert.equal((await rig.entries('session.ended')).length, 1);
    } finally {
      callback.close();
      await browser.close();
      await rig.close();
    }
  },
  60_000,
);
