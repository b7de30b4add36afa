import type { Ask } from './ask.ts';
import type { CutSwitch } from './cut-switch.ts';
import { HouseFault } from './house-fault.ts';
import type { JsonRpcId } from './json-rpc.ts';

/** The requests that are under way, so that a caller can cancel its own, and all can be cut when the guard closes. */
export type CallsUnderWay = {
  /** Whether no more calls are taken. Looked at before a caller costs anything. */
  isFull(): boolean;
  /** Notes a request until `work` is done. Throws the fault `service.overloaded` past the limit of its kind. */
  run(
    ask: Ask,
    request: { readonly id?: JsonRpcId | undefined; readonly isStream: boolean },
    work: () => Promise<void>,
  ): Promise<void>;
  /**
   * Cancels the request with that id of the same caller in the same session; whose ids clash for want of a session,
   * nobody's is.
   */
  cancel(ask: Ask, id: JsonRpcId): void;
  cutAll(): void;
};

/** `inFlight`: how many requests at a time; `streams`: how many streams that stay open beside them. */
export function createCallsUnderWay(limits: { readonly inFlight: number; readonly streams: number }): CallsUnderWay {
  const calls = new Set<CutSwitch>();
  const streams = new Set<CutSwitch>();
  const byName = new Map<string, Set<CutSwitch>>();
  const isFull = (): boolean => calls.size >= limits.inFlight;
  return {
    isFull,
    run: async (ask, { id, isStream }, work) => {
      if (isStream ? streams.size >= limits.streams : isFull()) throw new HouseFault('service.overloaded');
      const kind = isStream ? streams : calls;
      const name = id === undefined ? undefined : nameOf(ask, id);
      kind.add(ask.cutSwitch);
      if (name !== undefined) byName.set(name, (byName.get(name) ?? new Set()).add(ask.cutSwitch));
      try {
        await work();
      } finally {
        kind.delete(ask.cutSwitch);
        const same = name === undefined ? undefined : byName.get(name);
        same?.delete(ask.cutSwitch);
        if (name !== undefined && same?.size === 0) byName.delete(name);
      }
    },
    cancel: (ask, id) => {
      const same = byName.get(nameOf(ask, id));
      const [only] = same?.size === 1 ? same : [];
      only?.cut('client_gone');
    },
    cutAll: () => {
      for (const cutSwitch of [...calls, ...streams]) cutSwitch.cut('shut_down');
    },
  };
}

function nameOf({ caller, system, mcpSession }: Ask, id: JsonRpcId): string {
  return JSON.stringify([caller.principal, caller.credential, system.id, mcpSession ?? null, id]);
}
