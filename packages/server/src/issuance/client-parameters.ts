import type { ClientParameters } from '#authn/authenticate-client';
import { Fault } from '#kernel/fault';
import { type Form, parameter } from './form.ts';

/** What a form says of its client. A shared secret is refused, also beside an assertion (RFC 6749 §2.3). */
export function clientParameters(form: Form): ClientParameters {
  if (form.has('client_secret')) throw new Fault('client.unknown', 'a shared secret was presented');
  return {
    clientId: parameter(form, 'client_id'),
    assertionType: parameter(form, 'client_assertion_type'),
    assertion: parameter(form, 'client_assertion'),
  };
}
