import type { PolicyEngine } from '@surety/decision/policy-engine';
import type { AuthorityFacts } from '#delegation/authority-facts';
import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import type { Sealer } from '#keys/seal';
import type { Meters } from '#metering/meters';
import type { Turns } from './turns.ts';

export type LabRoom = {
  readonly db: Db;
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly engine: PolicyEngine;
  readonly authority: Pick<AuthorityFacts, 'mandate'>;
  readonly meters: Pick<Meters, 'count'>;
  /** Effects are worked out one after the other. */
  readonly turns: Turns;
};
