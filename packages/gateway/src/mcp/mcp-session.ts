import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { AuthenticatedCaller, GuardedSystem } from '@surety/contract/enforcement';
import { Rejection } from './rejection.ts';

/** Hides the session ids of systems from callers, and binds each to the caller that opened it. */
export type McpSessions = {
  seal(systemSession: string, caller: AuthenticatedCaller, system: GuardedSystem): string;
  /** The system's own id. Throws a `Rejection` of 404 for an id that was not sealed here for this caller and system. */
  open(sealed: string, caller: AuthenticatedCaller, system: GuardedSystem): string;
};

const ivBytes = 12;
const tagBytes = 16;
const maxSealedLength = 2_048;

/**
 * Session ids (MCP 2025-11-25, "Session management") sealed with AES-256-GCM over principal, credential and system:
 * whoever else presents one finds no session, and nothing is kept here. Guards that share the 32-byte `key` open
 * each other's.
 */
export function createMcpSessions(key: Uint8Array = randomBytes(32)): McpSessions {
  return {
    seal: (systemSession, caller, system) => {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(boundTo(caller, system));
      const sealed = Buffer.concat([iv, cipher.update(systemSession, 'utf8'), cipher.final()]);
      return Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64url');
    },
    open: (sealed, caller, system) => {
      try {
        return openSealed(key, sealed, boundTo(caller, system));
      } catch {
        throw new Rejection(404, 'session_gone', 'There is no such session. Start a new one.');
      }
    },
  };
}

function openSealed(key: Uint8Array, sealed: string, bound: Buffer): string {
  const bytes = sealed.length <= maxSealedLength ? Buffer.from(sealed, 'base64url') : Buffer.alloc(0);
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
  decipher.setAAD(bound).setAuthTag(bytes.subarray(-tagBytes));
  return decipher.update(bytes.subarray(ivBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
}

function boundTo(caller: AuthenticatedCaller, system: GuardedSystem): Buffer {
  return Buffer.from(JSON.stringify([caller.principal, caller.credential, system.id, system.upstream]));
}
