import type { Human } from '@surety/contract/human';
import { html, type RenderedPage, renderPage } from './render-page.ts';

/**
 * Where one may be sent after signing in: a page of ours that asks for a session. Everything else leads to the sign-in page.
 */
const returnable = /^\/consent\/[A-Za-z0-9_-]{1,100}$/;

/** The path to go on to. Nothing that a link says can lead elsewhere. */
export function safeNext(next: string | null | undefined): string {
  return next != null && returnable.test(next) ? next : '/signin';
}

/** The page on which one signs in. */
export function signInPage(next: string): RenderedPage {
  return renderPage({
    title: 'Sign in',
    body: html`<h1>Sign in</h1>
      <p>
        ${next === '/signin' ? 'Use the passkey that you made for this server.' : 'An agent asks for your consent. Sign in first, with the passkey that you made for this server.'}
      </p>
      <form data-passkey="signin" data-next="${next}">
        <div class="acts"><button class="first" type="submit">Sign in with a passkey</button></div>
      </form>
      <p class="problem" role="alert"></p>
      <p class="note">
        There are no passwords here. Without a passkey, ask an administrator for an enrolment code, then
        <a href="/enrol">make one</a>.
      </p>`,
  });
}

/** What stands there for somebody who is signed in. */
export function signedInPage(human: Pick<Human, 'name' | 'displayName'>, csrf: string): RenderedPage {
  return renderPage({
    title: 'Signed in',
    body: html`<h1>You are signed in</h1>
      <p>As <strong>${human.displayName}</strong> (${human.name}). When an agent asks for your consent, its page opens here.</p>
      <div class="acts">
        <a class="button" href="/enrol">Make another passkey</a>
        <form method="post" action="/signout">
          <input type="hidden" name="csrf" value="${csrf}" /><button type="submit">Sign out</button>
        </form>
      </div>`,
  });
}

/** The page on which a passkey is made: with a code, or for whoever is signed in. */
export function enrolPage(human: Pick<Human, 'displayName'> | undefined): RenderedPage {
  const code = html`<div data-code>
    <label for="code">Enrolment code</label>
    <input
      id="code"
      name="code"
      type="text"
      autocomplete="off"
      autocapitalize="none"
      spellcheck="false"
      maxlength="60"
      required
    />
  </div>`;
  const forWhom =
    human === undefined
      ? html`<p>
          It is kept by this device or your password manager, and opens only with your face, finger or PIN. The enrolment code
          works once.
        </p>`
      : html`<p>Another one for <strong>${human.displayName}</strong>, on this device or in your password manager.</p>`;
  return renderPage({
    title: 'Make a passkey',
    body: html`<h1>Make your passkey</h1>
      ${forWhom}
      <form data-passkey="register">
        ${human === undefined ? code : html``}
        <div class="acts"><button class="first" type="submit">Make a passkey</button></div>
      </form>
      <p class="problem" role="alert"></p>
      <p class="done" role="status"></p>
      <div class="acts" data-after hidden><a class="button" href="/signin">Sign in</a></div>`,
  });
}

/** A page that says what is wrong, and what to do. */
export function problemPage(status: number, title: string, next: string): RenderedPage {
  return renderPage({
    title,
    status,
    body: html`<h1>${title}</h1>
      <p>${next}</p>`,
  });
}
