/**
 * The one script of our pages: asks the browser for a passkey and sends what it answers. It reads what to do from the
 * form it stands beside, and a code only from the fragment of the address, which no server and no log ever sees.
 */
export const pageScript = `'use strict';
(() => {
  const form = document.querySelector('form[data-passkey]');
  if (form === null) return;
  const kind = form.dataset.passkey;
  const button = form.querySelector('button');
  const problem = document.querySelector('.problem');
  const field = form.querySelector('input[name=code]');
  const given = new URLSearchParams(location.hash.slice(1)).get('code');
  if (field !== null && given !== null) {
    field.value = given;
    history.replaceState(null, '', location.pathname + location.search);
    document.querySelector('[data-code]').hidden = true;
  }
  const say = (text) => { problem.textContent = text; };
  const post = async (path, body) => {
    const response = await fetch(path, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), redirect: 'error',
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.title + '. ' + answer.next);
    return answer;
  };
  const codeGiven = () => (field === null ? {} : { code: field.value.trim() });
  const signIn = async () => {
    const options = await post('/signin/start', {});
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    const made = await navigator.credentials.get({ publicKey });
    const { next } = await post('/signin/finish', { answer: made.toJSON(), next: form.dataset.next });
    location.assign(next);
  };
  const register = async () => {
    const options = await post('/passkeys/start', codeGiven());
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    const made = await navigator.credentials.create({ publicKey });
    await post('/passkeys/finish', { ...codeGiven(), answer: made.toJSON() });
    form.hidden = true;
    document.querySelector('.done').textContent = 'Your passkey is made.';
    document.querySelector('[data-after]').hidden = false;
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    say('');
    if (typeof PublicKeyCredential === 'undefined' || PublicKeyCredential.parseRequestOptionsFromJSON === undefined) {
      say('This browser cannot use passkeys here. Open this page under a name, not a number, over https, in a current browser.');
      return;
    }
    button.disabled = true;
    (kind === 'signin' ? signIn() : register())
      .catch((thrown) => say(thrown.name === 'NotAllowedError' ? 'No passkey was used: it was cancelled, took too long, or there is none for this server.'
        : thrown.name === 'InvalidStateError' ? 'This device holds a passkey of yours already.' : thrown.message))
      .finally(() => { button.disabled = false; });
  });
})();
`;
