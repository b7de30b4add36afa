import assert from 'node:assert/strict';
import { type SoftwarePasskey, softwarePasskey } from './software-passkey.ts';

/** What came back. `page` is the text, `json` what it holds when it is that. */
export type Shown = { readonly status: number; readonly headers: Headers; readonly location: string; readonly page: string };

/** A browser as far as our pages see one: cookies, an origin, no redirect followed. */
export type Browser = {
  readonly origin: string;
  readonly cookies: Map<string, string>;
  get(path: string): Promise<Shown>;
  /** A form of a page; `headers` replace what a browser would say. */
  submit(path: string, form: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>): Promise<Shown>;
  /** What the script of a page sends. */
  send(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Shown>;
};

export function openBrowser(origin: string): Browser {
  const cookies = new Map<string, string>();
  const go = async (path: string, init: RequestInit): Promise<Shown> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(new URL(path, origin), {
      redirect: 'manual',
      ...init,
      headers: { ...(cookie === '' ? {} : { cookie }), ...(init.headers as Record<string, string>) },
    });
    for (const set of response.headers.getSetCookie()) {
      const [pair = ''] = set.split(';');
      const at = pair.indexOf('=');
      const isGone = /max-age=0|expires=Thu, 01 Jan 1970/i.test(set);
      if (isGone) cookies.delete(pair.slice(0, at));
      else cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return {
      status: response.status,
      headers: response.headers,
      location: response.headers.get('location') ?? '',
      page: await response.text(),
    };
  };
  return {
    origin,
    cookies,
    get: (path) => go(path, {}),
    submit: (path, form, headers) =>
      go(path, {
        method: 'POST',
        body: new URLSearchParams(form).toString(),
        headers: { origin, 'content-type': 'application/x-www-form-urlencoded', ...headers },
      }),
    send: (path, body, headers) =>
      go(path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { origin, 'content-type': 'application/json', ...headers },
      }),
  };
}

/** Makes a passkey with a code. */
export async function enrolPasskey(browser: Browser, code: string): Promise<SoftwarePasskey> {
  const passkey = softwarePasskey(browser.origin);
  const started = await browser.send('/passkeys/start', { code });
  assert.equal(started.status, 200, started.page);
  const finished = await browser.send('/passkeys/finish', { code, answer: passkey.register(JSON.parse(started.page)) });
  assert.equal(finished.status, 200, finished.page);
  return passkey;
}

/** Signs in; the cookie stays in the browser. Returns the path to go on to. */
export async function signIn(browser: Browser, passkey: SoftwarePasskey, next?: string): Promise<string> {
  const started = await browser.send('/signin/start', {});
  const finished = await browser.send('/signin/finish', { answer: passkey.answer(JSON.parse(started.page)), next });
  assert.equal(finished.status, 200, finished.page);
  return String(JSON.parse(finished.page).next);
}
