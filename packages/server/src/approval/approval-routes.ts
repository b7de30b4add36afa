import { answerApproval as answerRoute, getApproval, listApprovals as listRoute } from '@surety/contract/oversight-routes';
import { type AnyAnswer, answer } from '#kernel/answer';
import type { Fingerprints } from '#flow/fingerprints';
import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';
import { Fault } from '#kernel/fault';
import type { Sealer } from '#keys/seal';
import type { PrincipalFacts } from '#registry/principal-facts';
import { answerApproval } from './answer-approval.ts';
import { findApproval, listApprovals } from './approval-store.ts';
import { viewApproval } from './approval-view.ts';

export type ApprovalRoom = {
  readonly db: Db;
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly facts: PrincipalFacts;
  /** How long a yes can be used, in seconds. */
  readonly validSeconds: number;
  readonly prints: Fingerprints;
};

export function approvalRoutes(room: ApprovalRoom): readonly AnyAnswer[] {
  const view = (question: Parameters<typeof viewApproval>[1]) => viewApproval({ ...room, now: room.clock() }, question);
  return [
    answer(listRoute, async ({ principal }, { state, mine }) => {
      const stored = state === 'expired' || state === undefined ? {} : { state };
      const found = await listApprovals(room.db, { ...stored, ...(mine ? { answerable: principal } : {}) });
      const items = await Promise.all(found.map(view));
      return { items: state === undefined ? items : items.filter((one) => one.state === state) };
    }),
    answer(getApproval, async (_caller, { approval }) => {
      const found = await findApproval(room.db, approval);
      if (found === undefined) throw new Fault('approval.not_found');
      return view(found);
    }),
    answer(answerRoute, async ({ principal }, input) =>
      view(await answerApproval({ ...room, directory: room }, principal, input)),
    ),
  ];
}
