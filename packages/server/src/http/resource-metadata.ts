import { protectedResourceMetadata } from '@surety/contract/resource-metadata';

/** Where the metadata of our API is: its path goes behind the well-known prefix (RFC 9728 §3.1). */
export const resourceMetadataPath = '/.well-known/oauth-protected-resource/v1';

/** Protected-resource metadata of the API. */
export function resourceMetadata(issuer: string): object {
  return protectedResourceMetadata({ resource: `${issuer}/v1`, name: 'Surety API', issuer });
}
