import type { SignInDemands } from '#signin/sign-in-demands';
import type { IssuanceRoom } from '../issuance-room.ts';

/** What the interactive half needs. */
export type InteractiveRoom = Pick<
  IssuanceRoom,
  'issuer' | 'gatewayUrl' | 'db' | 'clock' | 'log' | 'facts' | 'authority' | 'systems' | 'federation'
> & {
  /** How freshly people must have signed in for a system. */
  readonly demands: SignInDemands;
  /** 32 bytes, the same on every node: signs the engine's cookies and seals refresh tokens. */
  readonly secret: Buffer;
};
