import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import type { Browser, Shown } from '#signin/testing/browser';

/** The pair of PKCE (RFC 7636 §4.1). */
export function newVerifier(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: hash('sha256', verifier, 'base64url') };
}

/** The value of a hidden field. */
export function hidden(page: string, name: string): string {
  const value = new RegExp(`name="${name}" value="([^"]+)"`).exec(page)?.[1];
  assert.ok(value, page);
  return value;
}

/** Opens an authorization request, which must lead to its consent page, and returns the path and the page. */
export async function openConsent(browser: Browser, url: string): Promise<{ readonly path: string; readonly shown: Shown }> {
  const asked = await browser.get(url);
  assert.match(asked.location, /^\/consent\//, asked.location || asked.page);
  return { path: asked.location, shown: await browser.get(asked.location) };
}

/** Answers a consent page, and returns the address that the client's browser is then sent to. */
export async function answerConsent(
  browser: Browser,
  { path, shown }: Awaited<ReturnType<typeof openConsent>>,
  answer: 'yes' | 'no',
): Promise<URL> {
  assert.equal(shown.status, 200, shown.page);
  const said = await browser.submit(path, { csrf: hidden(shown.page, 'csrf'), answer });
  assert.equal(said.status, 303, said.page);
  const back = await browser.get(said.location);
  assert.ok([302, 303].includes(back.status), back.page);
  return new URL(back.location);
}
