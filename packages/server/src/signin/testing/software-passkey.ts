import { generateKeyPairSync, hash, randomBytes, sign } from 'node:crypto';

/** A passkey in software: what an authenticator would answer, with whatever a test changes. */
export type SoftwarePasskey = {
  readonly id: string;
  /** Signatures made so far; a test may set it back. */
  counter: number;
  register(options: { readonly challenge: string }, changed?: Changed): object;
  answer(options: { readonly challenge: string }, changed?: Changed): object;
};

export type Changed = { readonly origin?: string; readonly flags?: number };

/** User present, user verified. */
const verified = 0x05;

export function softwarePasskey(origin: string): SoftwarePasskey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const cose = Buffer.concat([
    Buffer.from('a5010203262001215820', 'hex'),
    Buffer.from(x, 'base64url'),
    Buffer.from('225820', 'hex'),
    Buffer.from(y, 'base64url'),
  ]);
  const raw = randomBytes(16);
  const id = raw.toString('base64url');
  const rpHash = hash('sha256', new URL(origin).hostname, 'buffer');
  const count = (value: number) => Buffer.from(Uint32Array.of(value).buffer).reverse();
  const client = (type: string, challenge: string, at: string) =>
    Buffer.from(JSON.stringify({ type, challenge, origin: at, crossOrigin: false }));
  const whole = { id, rawId: id, type: 'public-key', clientExtensionResults: {} };
  const passkey: SoftwarePasskey = {
    id,
    counter: 0,
    register: ({ challenge }, { origin: at = origin, flags = verified } = {}) => {
      const length = Buffer.from(Uint16Array.of(raw.length).buffer).reverse();
      const authData = Buffer.concat([rpHash, Buffer.of(flags | 0x40), count(0), Buffer.alloc(16), length, raw, cose]);
      const attestationObject = Buffer.concat([
        Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746158', 'hex'),
        Buffer.of(authData.length),
        authData,
      ]);
      const clientDataJSON = client('webauthn.create', challenge, at).toString('base64url');
      return {
        ...whole,
        response: { clientDataJSON, attestationObject: attestationObject.toString('base64url'), transports: ['internal'] },
      };
    },
    answer: ({ challenge }, { origin: at = origin, flags = verified } = {}) => {
      passkey.counter += 1;
      const clientData = client('webauthn.get', challenge, at);
      const authData = Buffer.concat([rpHash, Buffer.of(flags), count(passkey.counter)]);
      const signature = sign('sha256', Buffer.concat([authData, hash('sha256', clientData, 'buffer')]), privateKey);
      return {
        ...whole,
        response: {
          clientDataJSON: clientData.toString('base64url'),
          authenticatorData: authData.toString('base64url'),
          signature: signature.toString('base64url'),
        },
      };
    },
  };
  return passkey;
}
