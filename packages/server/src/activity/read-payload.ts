import { payloadPlace } from '#decision/inputs-place';
import { Fault } from '#kernel/fault';
import { type Sealer, sealedDigest } from '#keys/seal';
import { type ActionTrail, textOf } from './action.ts';

/** What came back, as it was sealed beside the outcome. Fault `payload.not_kept` when it was not, or is another. */
export function readPayload(sealer: Pick<Sealer, 'open'>, { last, outcome }: ActionTrail): string {
  const sealed = outcome?.entry.sealed ?? null;
  if (outcome === undefined || sealed === null || sealedDigest(sealed) !== textOf(outcome.data, 'payload'))
    throw new Fault('payload.not_kept');
  try {
    return sealer.open(payloadPlace(last.entry.about), sealed).toString();
  } catch {
    throw new Fault('payload.not_kept', 'what is kept does not open: it was changed');
  }
}
