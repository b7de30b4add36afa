import { sign, verify } from 'node:crypto';
import { generateSigningKey, publicKeyOf } from '@surety/proof/jwk';
import { ownCpuMicros } from './cpu.ts';
import { signProof } from '../load/sign.ts';

/** What ES256 costs by itself on this computer now, with `node:crypto` and DER signatures, in microseconds of CPU. */
export type BareCrypto = { readonly verifyMicros: number; readonly signMicros: number };

export function measureBareCrypto(times: number): BareCrypto {
  const key = generateSigningKey();
  const text = Buffer.from(signProof(key, { url: 'https://gateway.example/mcp/crm' }).split('.').slice(0, 2).join('.'));
  const signature = sign('sha256', text, key.key);
  const { key: publicKey } = publicKeyOf(key);
  return {
    verifyMicros: microsOf(times, () => {
      if (!verify('sha256', text, publicKey, signature)) throw new Error('a signature of our own does not hold');
    }),
    signMicros: microsOf(times, () => sign('sha256', text, key.key)),
  };
}

function microsOf(times: number, work: () => unknown): number {
  const before = ownCpuMicros();
  for (let done = 0; done < times; done++) work();
  return (ownCpuMicros() - before) / times;
}
