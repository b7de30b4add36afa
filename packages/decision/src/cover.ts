import type { Permission } from '@surety/contract/mandate';
import { matchesPattern } from './cedar-text.ts';

/** Whether a permission is about this operation at all, whatever the arguments. */
export function covers({ system, actions }: Permission, systemName: string, operation: string): boolean {
  return system === systemName && actions.some((action) => matchesPattern(action, operation));
}
