import type { Task } from '@surety/contract/task';
import type { AuthenticationClaims } from '@surety/proof/access-token';

/** The one class of signing in that there is: resistant to phishing (the word of OpenID EAP ACR Values). */
export const signInClass = 'phr';

/**
 * How a passkey with user verification is told to a resource (RFC 8176): possession of a key, the person at it, and so two
 * factors. Not `hwk`: no attestation is asked for, so nothing proves that the key is of hardware. In seconds since the epoch.
 */
export function authenticationClaims(authTime: number): Required<AuthenticationClaims> {
  return { auth_time: authTime, acr: signInClass, amr: ['pop', 'user', 'mfa'] };
}

/** The same, of a token for a task whose tree a consent began, as the stored root has it. Nothing for any other task. */
export function signedInAtRoot(root: Pick<Task, 'grant'> | undefined): AuthenticationClaims {
  const authTime = root?.grant?.authTime;
  return authTime === undefined ? {} : authenticationClaims(authTime);
}
