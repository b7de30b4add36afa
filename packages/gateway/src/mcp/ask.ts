import type { IncomingHttpHeaders } from 'node:http';
import type { AuthenticatedCaller, GuardedSystem } from '@surety/contract/enforcement';
import type { Spoken } from './check-version.ts';
import type { CutSwitch } from './cut-switch.ts';
import type { Reply } from './reply.ts';

/** One request of one caller whose token and proof hold, to one system. */
export type Ask = {
  readonly caller: AuthenticatedCaller;
  readonly system: GuardedSystem;
  readonly spoken: Spoken;
  readonly headers: IncomingHttpHeaders;
  /** The system's own session id, when the request brought ours. */
  readonly mcpSession: string | undefined;
  readonly reply: Reply;
  readonly cutSwitch: CutSwitch;
};
