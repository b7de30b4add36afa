import type { Call } from './call.ts';
import type { Decision } from './decision.ts';
import type { Guard } from './flow.ts';
import type { CredentialPlace, Effect, Upstream } from './system.ts';

/**
 * What a guard needs of the house, and all it may know of it. The server implements it in process; a guard that runs
 * elsewhere will implement it over the wire. A guard keeps no state of record.
 */
export type GuardHouse = {
  /** Step 1. Throws a fault (`token.*`, `dpop.*`) with nothing learnt about why beyond its code. */
  authenticate(head: RequestHead): Promise<AuthenticatedCaller>;
  /** The DPoP nonce to hand out now (RFC 9449 §8). */
  nonce(): string;
  /** A protected system by name, or undefined. */
  system(name: string): Promise<GuardedSystem | undefined>;
  /** The operations of a system that this caller could be permitted to call with some arguments. */
  listable(caller: AuthenticatedCaller, system: GuardedSystem): Promise<ReadonlySet<string>>;
  /**
   * Says that a system describes itself otherwise than the catalogue has it. It is read again soon, and what has changed
   * cannot be called until a person has looked at it. Never throws.
   */
  noticeChange(system: GuardedSystem): void;
  /** A request that reads the catalogue only (initialize, tools/list): caller live and proof spent, durably, once. */
  admit(caller: AuthenticatedCaller): Promise<Admission>;
  /** Steps 3 to 6: gather, decide, hold, commit. `signal` fires when the client has gone: nothing is used up for it then. */
  begin(caller: AuthenticatedCaller, call: Call, wait: Wait): Promise<BeginResult>;
  /** Step 7, the last look before forwarding: is every link still live and this node's news fresh? Synchronous. */
  isLive(caller: AuthenticatedCaller, system: GuardedSystem): boolean;
  /** Calls `cut` when any link of this caller or the system ends while a call is in flight. Returns an unsubscribe. */
  onEnd(caller: AuthenticatedCaller, system: GuardedSystem, cut: (why: string) => void): () => void;
  /** Step 7: the system's own credential; the agent never sees it. */
  systemCredential(system: GuardedSystem): Promise<SystemCredential | undefined>;
  /**
   * Steps 8 and 9. Resolves when the outcome, and what was seen in the answer, are durable; only then may the answer be released.
   * An answer that is to be released is looked at, whatever became of the call.
   */
  settle(actionId: string, outcome: CallOutcome, look?: Look): Promise<void>;
  /**
   * Step 8 for what is released outside of an answer: notices, lists, streams. `operation` is empty where there is none. Resolves
   * when what was seen is durable; only then may it be released.
   */
  noteSeen(caller: AuthenticatedCaller, system: GuardedSystem, operation: string, look: Look): Promise<void>;
};

/**
 * What was seen in something that came from a system, before anybody may read it: labels for the tree of the task, and values
 * that are followed, each with labels of its own. Both are empty where nothing came.
 */
export type Look = { readonly labels: readonly string[]; readonly values: readonly SeenValue[] };

/** A value, written one way only. `isUntrusted`: an outsider could have written it. */
export type SeenValue = {
  readonly kind: string;
  readonly value: string;
  readonly isUntrusted: boolean;
  readonly labels: readonly string[];
};

/** The certificate of a client (RFC 8705): its `x5t#S256`, and the thumbprint of its key (RFC 7638). */
export type PeerCertificate = { readonly x5t: string; readonly jkt: string };

export type RequestHead = {
  readonly method: string;
  /** The public address that was called, from configuration, never from the Host header. */
  readonly url: string;
  /** The RFC 8707 resource that the token must be for. */
  readonly audience: string;
  readonly authorization: string | undefined;
  readonly dpop: string | readonly string[] | undefined;
  /** That of the connection, where the client showed one. */
  readonly certificate?: PeerCertificate | undefined;
};

/**
 * Something above in the chain. A task, a key or a token ends for good; a principal's cut-off ends what hangs on it since
 * before: `sinceMs`, in ms since the epoch.
 */
export type LinkAbove = { readonly key: string; readonly sinceMs?: number };

export type AuthenticatedCaller = {
  readonly principal: string;
  readonly kind: 'human' | 'workload' | 'agent';
  readonly credential: string;
  readonly jkt: string;
  readonly task: string | undefined;
  readonly tokenId: string;
  readonly issuedAtSeconds: number;
  readonly expiresAtSeconds: number;
  /** What lies above a caller that acts for another: whose end ends it too. Nothing, when it acts for itself. */
  readonly above?: readonly LinkAbove[];
  /** The proof that carried this request; spent with the commit of what it asks for. */
  readonly proofId: string;
  readonly proofIssuedAtSeconds: number;
};

/** How long a held call may wait on the open connection, and how it ends early. */
export type Wait = {
  readonly holdMs: number;
  readonly signal: AbortSignal;
  /** Told once, as soon as the call is held and while it waits: so that the caller can be told for whom. */
  readonly onHeld?: (held: { readonly approvalId: string; readonly expiresAt: string; readonly answerableName: string }) => void;
};

/** `classified`: a person said what the effect is. `labels`, `fields` and `guards` as in `OperationFlow` (flow.ts). */
export type GuardedOperation = {
  readonly name: string;
  readonly effect: Effect;
  readonly definitionDigest: string;
  readonly classified: boolean;
  readonly labels: readonly string[];
  readonly fields: Readonly<Record<string, readonly string[]>>;
  readonly guards: readonly Guard[];
};

export type GuardedSystem = {
  readonly id: string;
  readonly name: string;
  readonly revision: number;
  readonly upstream: Upstream;
  readonly credentialPlace: CredentialPlace | undefined;
  /** Of whatever comes from it. */
  readonly labels: readonly string[];
  readonly operations: ReadonlyMap<string, GuardedOperation>;
};

export type SystemCredential = { readonly place: CredentialPlace; readonly reveal: () => string };

export type Admission = { readonly ok: true } | { readonly ok: false; readonly decision: Decision };

export type BeginResult =
  | {
      readonly kind: 'go';
      readonly actionId: string;
      readonly decision: Decision;
      /**
       * There when the call may go out beside the commit of its intent. Nothing that comes back is released before this
       * resolves to `go`; when it resolves to anything else, or rejects, the call is cut and what came back is dropped.
       */
      readonly durable?: Promise<BeginResult>;
    }
  | { readonly kind: 'refused'; readonly actionId: string; readonly decision: Decision }
  | {
      readonly kind: 'held';
      readonly actionId: string;
      readonly approvalId: string;
      readonly expiresAt: string;
      readonly answerableName: string;
      readonly decision: Decision;
    };

/** `cut`: cancelled by a stop, by the client or by a lost connection; whether it took effect upstream is not known. */
export type CallOutcome = {
  readonly state: 'completed' | 'failed' | 'cut';
  /** SHA-256 (base64url) of what came back, when it came back whole. */
  readonly resultDigest?: string;
  readonly resultBytes?: number;
  /** How many rows came back, where that can be told. */
  readonly rows?: number;
  /** SHA-256 of what was passed on, where that is other than what came. */
  readonly releasedDigest?: string;
  /** What came back, where it is to be kept. */
  readonly payload?: string;
  /** A closed word: `tool_error`, `upstream_status_503`, `stopped`, `client_gone`, `upstream_unreachable`, `too_large`. */
  readonly problem?: string;
  readonly milliseconds: number;
};
