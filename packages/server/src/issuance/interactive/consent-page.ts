import type { Agent } from '@surety/contract/agent';
import type { Human } from '@surety/contract/human';
import { html, type RenderedPage, renderPage } from '#signin/render-page';
import { formTarget } from '#registry/redirect-uri';

/** Everything that a person must see to say yes or no. */
export type AskedConsent = {
  readonly agent: Agent;
  readonly owner: Human;
  /** Who is asked. */
  readonly human: Human;
  readonly system: string;
  /** In the agent's words. */
  readonly purpose: string;
  /** The agent's mandate, in sentences; empty when it has none that holds. */
  readonly mandate: readonly string[];
  /** What this request is narrowed to, in sentences; null when to nothing. */
  readonly narrowedTo: readonly string[] | null;
  readonly redirectUri: string;
  /** The host whose program asks, as its document has it; null for a program that holds an enrolled key. */
  readonly programOf: string | null;
  readonly action: string;
  readonly csrf: string;
};

export function consentPage(asked: AskedConsent): RenderedPage {
  const { agent, owner, human, system, purpose, mandate, narrowedTo, redirectUri, programOf, action, csrf } = asked;
  const limits = narrowedTo ?? mandate;
  const heading = narrowedTo === null ? 'What its mandate lets it do' : 'What it asks for, within its mandate';
  const may =
    limits.length === 0
      ? html`<p>Nothing. It has no mandate now, so every call will be denied.</p>`
      : html`<ul>
          ${limits.map((sentence) => html`<li>${sentence}</li>`)}
        </ul>`;
  return renderPage({
    title: 'Consent',
    formTo: formTarget(redirectUri),
    body: html`<h1>May ${agent.displayName} work for you on ${system}?</h1>
      <p>It says what for:</p>
      <p class="said">${purpose}</p>
      <h2>${heading}</h2>
      ${may}
      <dl>
        <dt>Agent</dt>
        <dd>${agent.displayName === agent.name ? agent.name : `${agent.displayName} (${agent.name})`}</dd>
        <dt>Answers for it</dt>
        <dd>${owner.displayName}${owner.title === '' ? '' : `, ${owner.title}`}</dd>
        ${
          programOf === null
            ? ''
            : html`<dt>Program of</dt>
                <dd>${programOf}</dd>`
        }
        <dt>Works for</dt>
        <dd>${human.displayName} (you)</dd>
        <dt>Then opens</dt>
        <dd>${hostOf(redirectUri)}</dd>
      </dl>
      ${
        programOf !== null && isHere(redirectUri)
          ? html`<p class="note">
              Any program on this computer can say that it is one of ${programOf}. Go on only if you have just started it
              yourself.
            </p>`
          : ''
      }
      <div class="acts">
        <form method="post" action="${action}">
          <input type="hidden" name="csrf" value="${csrf}" />
          <button class="first" type="submit" name="answer" value="yes">Yes, for this task</button>
          <button type="submit" name="answer" value="no">No</button>
        </form>
      </div>
      <p class="note">
        Whatever it does for you is recorded with your name. It can do no more than you may do yourself, and you or
        ${owner.displayName} can stop it at any time.
      </p>`,
  });
}

function isHere(uri: string): boolean {
  return new URL(uri).protocol === 'http:';
}

function hostOf(uri: string): string {
  const url = new URL(uri);
  if (isHere(uri)) return 'a program on this computer';
  return url.protocol === 'https:' ? url.host : `an app on this device (${url.protocol.slice(0, -1)})`;
}
