import { ManifestDigest } from '@surety/contract/federation';
import { type Form, malformed, parameter } from './form.ts';

/** `manifest_digest`: what the copy that asks says that it is made of. Fault `request.malformed`. */
export function manifestParameter(form: Form): string | undefined {
  const digest = parameter(form, 'manifest_digest');
  if (digest === undefined || ManifestDigest.safeParse(digest).success) return digest;
  return malformed('/manifest_digest', 'expected a digest');
}
