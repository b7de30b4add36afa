import { Buffer } from 'node:buffer';
import * as z from 'zod';

const base64url = z.string().regex(/^[A-Za-z0-9_-]*$/);

/**
 * What an authenticator answers with, as far as anything of it is read (WebAuthn §5.1, toJSON). Members beyond are dropped.
 */
const answer = z.object({
  id: base64url.min(1).max(1_400),
  rawId: base64url.min(1).max(1_400),
  type: z.literal('public-key'),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).optional(),
});

export const RegistrationAnswer = answer.extend({
  response: z.object({
    clientDataJSON: base64url.max(8_000),
    attestationObject: base64url.max(40_000),
    transports: z
      .array(z.enum(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb']))
      .max(10)
      .optional(),
  }),
});

export const SigninAnswer = answer.extend({
  response: z.object({
    clientDataJSON: base64url.max(8_000),
    authenticatorData: base64url.max(8_000),
    signature: base64url.max(4_000),
    userHandle: base64url.max(200).nullish(),
  }),
});

/** The challenge that an answer says it answers; it is looked up before anything else is believed. */
export function answeredChallenge(clientDataJson: string): string | undefined {
  try {
    const read: unknown = JSON.parse(Buffer.from(clientDataJson, 'base64url').toString('utf8'));
    return z.object({ challenge: z.string().min(16).max(200) }).safeParse(read).data?.challenge;
  } catch {
    return undefined;
  }
}
