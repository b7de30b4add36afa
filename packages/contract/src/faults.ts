type FaultSpec = { readonly status: number; readonly title: string; readonly next: string; readonly oauth?: string };

/**
 * Every fault a caller can receive. A key is wire contract: pinned by `faults.pin.test.ts`, documented by generation,
 * never renamed, never reused. `title` says what happened, `next` what to do. `oauth` is the registered error name
 * that the token endpoint answers with (RFC 6749 §5.2, RFC 9449 §5, RFC 8707 §2).
 */
export const faults = {
  'request.malformed': { status: 400, title: 'The request is malformed', next: 'Correct the fields named in "issues" and send it again.', oauth: 'invalid_request' },
  'request.too_large': { status: 413, title: 'The request is too large', next: 'Send less in one request.', oauth: 'invalid_request' },
  'request.not_found': { status: 404, title: 'There is nothing at this address', next: 'See /openapi.json for the routes.' },
  'request.method_not_allowed': { status: 405, title: 'This address does not answer to that method', next: 'See /openapi.json for the routes.' },
  'token.missing': { status: 401, title: 'An access token is needed', next: 'Get one from the token endpoint with your key and a DPoP proof.', oauth: 'invalid_token' },
  'token.invalid': { status: 401, title: 'The access token is not valid', next: 'Get a new one from the token endpoint.', oauth: 'invalid_token' },
  'token.not_bound': { status: 401, title: 'The access token is bound to a key and cannot be used as a Bearer token', next: 'Send "Authorization: DPoP" with a proof by the same key.', oauth: 'invalid_token' },
  'token.ended': { status: 401, title: 'What this access token stands for has ended', next: 'Find out why with the person who answers for the agent; then get a new one.', oauth: 'invalid_token' },
  'dpop.proof_invalid': { status: 400, title: 'The DPoP proof is not valid', next: 'Make a fresh proof for this method and address, by the key of the token.', oauth: 'invalid_dpop_proof' },
  'dpop.nonce_required': { status: 400, title: 'The DPoP proof needs the nonce of this server', next: 'Repeat the request with the nonce from the DPoP-Nonce header.', oauth: 'use_dpop_nonce' },
  'dpop.proof_replayed': { status: 400, title: 'The DPoP proof was used before', next: 'Make a fresh proof for every request.', oauth: 'invalid_dpop_proof' },
  'client.unknown': { status: 401, title: 'The client could not be authenticated', next: 'Check the client id and that its key is enrolled and active.', oauth: 'invalid_client' },
  'client.assertion_replayed': { status: 401, title: 'The client assertion was used before', next: 'Make a fresh assertion for every request.', oauth: 'invalid_client' },
  'grant.unsupported': { status: 400, title: 'This grant type is not offered', next: 'Use client_credentials.', oauth: 'unsupported_grant_type' },
  'grant.refused': { status: 400, title: 'No token is given: the caller, its task or the person who answers for it is not active', next: 'Ask the person who answers for it whether it was stopped.', oauth: 'invalid_grant' },
  'resource.unknown': { status: 400, title: 'The resource is not known here', next: 'Ask for a system that is protected by this deployment.', oauth: 'invalid_target' },
  'scope.invalid': { status: 400, title: 'The scope is not known here', next: 'Leave scope out, or ask for "call".', oauth: 'invalid_scope' },
  'access.denied': { status: 403, title: 'Policy does not permit this', next: 'Ask an administrator for the role that this needs.', oauth: 'access_denied' },
  'claim.refused': { status: 403, title: 'The claim code is not valid', next: 'Run "surety claim" on the machine where the server runs.' },
  'claim.done': { status: 409, title: 'This server has an owner already', next: 'Ask an administrator to add you.' },
  'enrolment.refused': { status: 403, title: 'The enrolment code is not valid', next: 'Ask for a new one: it works once and for a short time.' },
  'key.refused': { status: 400, title: 'The key cannot be used', next: 'Send a public EC P-256 or Ed25519 key that no one else has enrolled.' },
  'human.not_found': { status: 404, title: 'There is no such person', next: 'Look at "surety person ls".' },
  'human.not_active': { status: 409, title: 'This person is not active', next: 'Choose an active person.' },
  'human.last_administrator': { status: 409, title: 'This person is the last active administrator', next: 'Make another person an administrator first.' },
  'workload.not_found': { status: 404, title: 'There is no such workload', next: 'Look at "surety workload ls".' },
  'agent.not_found': { status: 404, title: 'There is no such agent', next: 'Look at "surety agent ls".' },
  'agent.move_refused': { status: 409, title: 'The agent cannot make this move from the state it is in', next: 'See its state with "surety agent show".' },
  'name.taken': { status: 409, title: 'This name is taken', next: 'Choose another name.' },
  'system.not_found': { status: 404, title: 'There is no such system', next: 'Look at "surety system ls".' },
  'system.unreachable': { status: 502, title: 'The system cannot be reached', next: 'Check its address or command, then try again.' },
  'system.command_refused': { status: 403, title: 'This server does not run commands', next: 'Give the address of the MCP server, or allow commands in the configuration of this server.' },
  'mandate.not_found': { status: 404, title: 'There is no such mandate', next: 'Look at "surety mandate ls".' },
  'mandate.invalid': { status: 400, title: 'The mandate cannot be compiled', next: 'Correct what "issues" names.' },
  'signature.invalid': { status: 400, title: 'The signature does not match', next: 'Sign exactly the digest that is named, with your enrolled key.' },
  'task.not_found': { status: 404, title: 'There is no such task', next: 'Look at "surety activity ls".' },
  'policy.invalid': { status: 400, title: 'The policy cannot be read', next: 'Correct what "issues" names.' },
  'approval.not_found': { status: 404, title: 'There is no such request', next: 'Look at "surety request ls".' },
  'approval.not_open': { status: 409, title: 'This request was answered already or has expired', next: 'The agent can ask again.' },
  'approval.not_yours': { status: 403, title: 'You may not answer this request', next: 'It goes to the person who answers for the agent, or to an approver.' },
  'action.not_found': { status: 404, title: 'There is no such action', next: 'Look at "surety activity ls".' },
  'stop.not_found': { status: 404, title: 'There is no such stop', next: 'Look at "surety activity ls".' },
  'key.too_soon': { status: 409, title: 'The next key has not been shown long enough to sign', next: 'Try again in ten minutes; only for a compromised key this is not waited for.' },
  'entry.not_found': { status: 404, title: 'There is no such entry in the log', next: 'Ask for an index below the size of the tree.' },
  'call.denied': { status: 403, title: 'The call is denied', next: 'Read the reason. Do not retry with other arguments to get around it.' },
  'call.held': { status: 403, title: 'The call waits for a person', next: 'Repeat this exact call after approval.' },
  'service.not_ready': { status: 503, title: 'The service cannot decide now, so nothing passes', next: 'Try again in a moment.', oauth: 'temporarily_unavailable' },
  'service.overloaded': { status: 503, title: 'The service is overloaded, so this was refused', next: 'Try again after the time in Retry-After.', oauth: 'temporarily_unavailable' },
  internal: { status: 500, title: 'Something broke on our side', next: 'Try again; if it persists, give the id to an administrator.', oauth: 'server_error' },
} as const satisfies Record<string, FaultSpec>;

export type FaultCode = keyof typeof faults;

export function isFaultCode(code: string): code is FaultCode {
  return Object.hasOwn(faults, code);
}
