import * as z from 'zod';

/** RFC 7517 public key, of the two kinds Surety takes: EC P-256 (ES256) and Ed25519 (EdDSA). Private members are refused. */
export const PublicJwk = z
  .union([
    z.strictObject({
      kty: z.literal('EC'),
      crv: z.literal('P-256'),
      x: z.string().regex(/^[\w-]{43}$/),
      y: z.string().regex(/^[\w-]{43}$/),
      kid: z.string().max(128).optional(),
      alg: z.literal('ES256').optional(),
      use: z.literal('sig').optional(),
    }),
    z.strictObject({
      kty: z.literal('OKP'),
      crv: z.literal('Ed25519'),
      x: z.string().regex(/^[\w-]{43}$/),
      kid: z.string().max(128).optional(),
      alg: z.enum(['EdDSA', 'Ed25519']).optional(),
      use: z.literal('sig').optional(),
    }),
  ])
  .meta({ id: 'PublicJwk' });
export type PublicJwk = z.infer<typeof PublicJwk>;
