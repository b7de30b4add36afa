import type { EntityStore } from './entity-store.ts';
import type { EntityUid } from './entity-uid.ts';
import type { RecordValue, Value } from './value.ts';

/** Cedar's question: may this principal do this action to this resource, in this context? */
export type Question = {
  readonly principal: EntityUid;
  readonly action: EntityUid;
  readonly resource: EntityUid;
  readonly context: RecordValue;
  readonly entities: EntityStore;
};

/** An expression compiled: its value for a question, or an EvaluationError. */
export type Evaluate = (question: Question) => Value;
