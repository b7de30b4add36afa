import { callText } from '@surety/contract/call';
import { type ExactRecord, ExactJsonError, fromPlain, isExactRecord } from '@surety/contract/exact-json';
import type { GuardedOperation, Look } from '@surety/contract/enforcement';
import { untrustedLabel } from '@surety/contract/flow';
import { decide } from '@surety/decision/decide';
import { type Candidate, carriedCandidates, type Meeting, meetCandidate, type Met } from '@surety/decision/flow/carried-values';
import type { FlowFacts, SalientKind, SalientValue, TreeLabel } from '@surety/decision/flow/flow-facts';
import { coversNext, withYes, yesOf, yesValues } from '@surety/decision/flow/given-yes';
import { flowRulePrefix } from '@surety/decision/flow/flow-line';
import { purposeOf } from '@surety/decision/flow/purpose';
import { keyOf } from '@surety/decision/flow/salient-values';
import type { PolicyEngine } from '@surety/decision/policy-engine';
import { lookAt } from '@surety/gateway/mcp/look-at';
import { createFingerprints, maxAskedInToken } from '@surety/server/flow/fingerprints';
import { recordedAnswer, statedRequest } from './answers.ts';
import type { Place, PlaceSystem } from './place.ts';
import type { TraceCall, TraceRun } from './trace.ts';

/** What was decided about one recorded call. */
export type Decided = {
  readonly call: TraceCall;
  /** Whether it only reads. */
  readonly isRead: boolean;
  readonly outcome: 'permit' | 'hold' | 'deny';
  readonly reason: string;
  /** The rule of the flow that spoke, where one did. */
  readonly rule: string | undefined;
};

/** Decides recorded runs as a house would, without the house: the same look at answers, the same facts, the same decision. */
export type Replayer = {
  /** `isKnown`: what the directory of known destinations holds. With `flow` false no information is followed. */
  replay(place: Place, run: TraceRun, options: ReplayOptions): readonly Decided[];
  /** What the arguments of a call carry. */
  candidatesOf(args: TraceCall['args']): readonly Candidate[];
};

export type ReplayOptions = { readonly isKnown: (value: SalientValue) => boolean; readonly flow: boolean };

/** Which answer of a person a held call gets: yes, but for what serves an attacker. What was refused or denied is not done. */
export function isAgreed(run: TraceRun, call: TraceCall): boolean {
  return run.injection === null || !call.isAttack;
}

/** What was seen so far under one task. */
type Tree = {
  readonly labels: Map<string, TreeLabel>;
  readonly trusted: Map<string, Meeting>;
  readonly untrusted: Map<string, Meeting>;
  readonly asked: ReadonlySet<string>;
  readonly agreed: Set<string>;
  /** Exact calls that a person said no to: they are not asked again. */
  readonly refused: Set<string>;
};

export function createReplayer(engine: PolicyEngine): Replayer {
  const looks = new Map<string, Look>();
  const arguments_ = new Map<string, { readonly args: ExactRecord; readonly candidates: readonly Candidate[] }>();
  const requests = new Map<string, ReadonlySet<string>>();
  const prints = createFingerprints(Buffer.alloc(32, 7));
  const printed = new Map<string, string>();
  const printOf = (value: SalientValue): string => remember(printed, keyOf(value), () => prints.of(value).toString('base64url'));
  const read = (args: TraceCall['args']) =>
    remember(arguments_, JSON.stringify(args), () => {
      const exact = readArguments(args);
      return { args: exact, candidates: carriedCandidates(exact) };
    });
  const askedIn = (prompt: string): ReadonlySet<string> =>
    remember(requests, prompt, () => {
      const { purpose, values } = statedRequest(prompt);
      return new Set(prompt === '' ? [] : prints.asked([purpose, ...values], maxAskedInToken));
    });
  const look = (place: Place, system: PlaceSystem, call: TraceCall): Look => {
    const text = recordedAnswer(call);
    return remember(looks, `${place.definition.purpose} ${system.name} ${call.tool} ${text}`, () =>
      lookAt(text, system, call.tool),
    );
  };

  const factsOf = (
    system: PlaceSystem,
    { call, tree, isKnown }: { call: TraceCall; tree: Tree; isKnown: ReplayOptions['isKnown'] },
  ): FlowFacts | undefined => {
    const operation = system.operations.get(call.tool);
    if (operation === undefined || tree.labels.size === 0) return undefined;
    const isRead = operation.effect === 'read' && system.inside && operation.guards.length === 0;
    const matters = !isRead && tree.labels.has(untrustedLabel);
    const { asked, agreed, trusted, untrusted } = tree;
    const meet = (value: SalientValue): Met | undefined => {
      const key = keyOf(value);
      const isRequested = agreed.has(key) || asked.has(printOf(value));
      const met = { isRequested, isKnown: isKnown(value), trusted: trusted.get(key), untrusted: untrusted.get(key) };
      return met.isRequested || met.isKnown || met.trusted !== undefined || met.untrusted !== undefined ? met : undefined;
    };
    const isSaid = (value: SalientValue): boolean =>
      asked.has(printOf(value)) || agreed.has(keyOf(yesOf(`${system.name}.${operation.name}`)));
    const lookUp = withYes(`${system.name}.${operation.name}`, meet);
    return {
      labels: [...tree.labels.values()],
      values: matters ? read(call.args).candidates.flatMap((candidate) => meetCandidate(candidate, lookUp) ?? []) : [],
      guards: operation.guards,
      purpose: matters ? purposeOf(operation.name, asked.size === 0 ? undefined : isSaid) : 'unknown',
      ...(system.inside ? {} : { leaves: true }),
    };
  };

  const replay: Replayer['replay'] = (place, run, { isKnown, flow }) => {
    const tree: Tree = {
      labels: new Map(),
      trusted: new Map(),
      untrusted: new Map(),
      asked: askedIn(run.prompt),
      agreed: new Set(),
      refused: new Set(),
    };
    return run.calls.map((call): Decided => {
      const system = place.systemOf(call.tool);
      const operation = system.operations.get(call.tool);
      const facts = flow ? factsOf(system, { call, tree, isKnown }) : undefined;
      const { outcome, reason, policies } = decide(
        {
          ...place.standing,
          system: { id: `sys_${system.name}`, name: system.name, revision: 1 },
          operation,
          call: { systemName: system.name, operationName: call.tool, arguments: read(call.args).args },
          approval: undefined,
          flow: facts,
        },
        engine,
      );
      const isRead = operation?.effect === 'read';
      const exactly = callText({ agent: '', system: system.name, operation: call.tool, arguments: read(call.args).args });
      if (outcome === 'hold' && tree.refused.has(exactly))
        return { call, isRead, outcome: 'deny', reason: 'approval.refused', rule: undefined };
      const isDone = outcome === 'permit' || (outcome === 'hold' && isAgreed(run, call));
      if (outcome === 'hold' && !isDone) tree.refused.add(exactly);
      if (outcome === 'hold' && isDone && operation !== undefined) {
        for (const value of coveredBy(system.name, operation, read(call.args).candidates)) tree.agreed.add(keyOf(value));
      }
      if (isDone) keep(tree, look(place, system, call), { system: system.name, operation: call.tool, action: '' });
      const rule = policies.find((id) => id.startsWith(flowRulePrefix))?.slice(flowRulePrefix.length);
      return { call, isRead, outcome, reason, rule };
    });
  };
  return { replay, candidatesOf: (args) => read(args).candidates };
}

/** What a yes to a call spares the next question about, as the house keeps it (`look-with-yes.ts`). */
function coveredBy(
  system: string,
  { name, effect, guards }: GuardedOperation,
  candidates: readonly Candidate[],
): readonly SalientValue[] {
  return coversNext(effect) ? yesValues(`${system}.${name}`, candidates, guards) : [];
}

function keep(tree: Tree, { labels, values }: Look, source: TreeLabel['source']): void {
  for (const name of labels) if (!tree.labels.has(name)) tree.labels.set(name, { name, source });
  for (const { kind, value, isUntrusted, labels: own } of values) {
    const met = isUntrusted ? tree.untrusted : tree.trusted;
    const key = keyOf({ kind: kind as SalientKind, value });
    if (!met.has(key)) met.set(key, { labels: own, source });
  }
}

/** Arguments of a model that JSON cannot hold exactly are none that a guard takes. */
function readArguments(args: TraceCall['args']): ExactRecord {
  try {
    const exact = fromPlain(args);
    return isExactRecord(exact) ? exact : {};
  } catch (thrown) {
    if (thrown instanceof ExactJsonError) return {};
    throw thrown;
  }
}

function remember<Value>(known: Map<string, Value>, key: string, make: () => Value): Value {
  const there = known.get(key);
  if (there !== undefined) return there;
  const made = make();
  known.set(key, made);
  return made;
}
