import assert from 'node:assert/strict';
import { test } from 'vitest';
import { faults, isFaultCode } from './faults.ts';

/** Wire contract. A line is never changed or removed; a new fault adds one. */
const pinned = {
  'request.malformed': [400, 'invalid_request'],
  'request.too_large': [413, 'invalid_request'],
  'request.not_found': [404],
  'request.method_not_allowed': [405],
  'token.missing': [401, 'invalid_token'],
  'token.invalid': [401, 'invalid_token'],
  'token.not_bound': [401, 'invalid_token'],
  'token.ended': [401, 'invalid_token'],
  'token.signin_insufficient': [401, 'insufficient_user_authentication'],
  'dpop.proof_invalid': [400, 'invalid_dpop_proof'],
  'dpop.nonce_required': [400, 'use_dpop_nonce'],
  'dpop.proof_replayed': [400, 'invalid_dpop_proof'],
  'client.unknown': [401, 'invalid_client'],
  'client.assertion_replayed': [401, 'invalid_client'],
  'grant.unsupported': [400, 'unsupported_grant_type'],
  'grant.refused': [400, 'invalid_grant'],
  'subject.refused': [400, 'invalid_request'],
  'actor.unauthorized': [400, 'actor_unauthorized'],
  'delegation.refused': [400, 'invalid_grant'],
  'details.invalid': [400, 'invalid_authorization_details'],
  'resource.unknown': [400, 'invalid_target'],
  'scope.invalid': [400, 'invalid_scope'],
  'access.denied': [403, 'access_denied'],
  'application.not_found': [404],
  'application.invalid': [400],
  'application.pep_taken': [409],
  'page.token_invalid': [400],
  'claim.refused': [403],
  'claim.done': [409],
  'enrolment.refused': [403],
  'key.refused': [400],
  'signin.refused': [403],
  'session.missing': [401],
  'registration.refused': [401, 'invalid_token'],
  'registration.metadata_refused': [400, 'invalid_client_metadata'],
  'registration.redirect_refused': [400, 'invalid_redirect_uri'],
  'redirect.refused': [400],
  'human.not_found': [404],
  'human.not_active': [409],
  'human.last_administrator': [409],
  'passkey.not_found': [404],
  'workload.not_found': [404],
  'agent.not_found': [404],
  'agent.move_refused': [409],
  'name.taken': [409],
  'system.not_found': [404],
  'system.unreachable': [502],
  'system.command_refused': [403],
  'mandate.not_found': [404],
  'mandate.invalid': [400],
  'signature.invalid': [400],
  'task.not_found': [404],
  'policy.changed': [409],
  'policy.needs_second': [409],
  'policy.tests_failed': [409],
  'policy.version_not_found': [404],
  'proposal.not_found': [404],
  'proposal.not_open': [409],
  'proposal.not_second': [403],
  'label.not_found': [404],
  'destination.not_found': [404],
  'policy.invalid': [400],
  'action.not_unknown': [409],
  'approval.not_found': [404],
  'approval.not_open': [409],
  'approval.own_request': [403],
  'approval.not_yours': [403],
  'action.not_found': [404],
  'payload.not_kept': [404],
  'stop.not_found': [404],
  'entry.not_found': [404],
  'key.too_soon': [409],
  'call.denied': [403],
  'call.held': [403],
  'service.not_ready': [503, 'temporarily_unavailable'],
  'service.overloaded': [503, 'temporarily_unavailable'],
  'assertion.refused': [400, 'invalid_grant'],
  'instance.key_reused': [400, 'invalid_grant'],
  'agent.awaits_owner': [400, 'invalid_grant'],
  'issuer.not_found': [404],
  'issuer.refused': [400],
  'issuer.match_refused': [400],
  'issuer.unreachable': [503, 'temporarily_unavailable'],
  internal: [500, 'server_error'],
};

test('codes, statuses and OAuth error names are what callers were promised', () => {
  const now = Object.entries(faults).map(([code, spec]) => [code, 'oauth' in spec ? [spec.status, spec.oauth] : [spec.status]]);
  assert.deepEqual(Object.fromEntries(now), pinned);
});

test('a fault says what happened and what to do, in a sentence', () => {
  for (const [code, { title, next }] of Object.entries(faults)) {
    assert.match(code, /^(internal|[a-z]+\.[a-z_]+)$/);
    assert.match(title, /^[A-Z].*[^.]$/, code);
    assert.match(next, /^[A-Z].*\.$/, code);
  }
});

test('what is only an own property of every object is no fault code', () => {
  assert.equal(isFaultCode('agent.not_found'), true);
  for (const word of ['toString', '__proto__', 'constructor', 'agent.lost', '']) assert.equal(isFaultCode(word), false);
});
