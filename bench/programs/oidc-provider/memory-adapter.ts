import { errors } from 'oidc-provider';

type Payload = { readonly exp?: number };

/** Kept for one and a half to three minutes: longer than any proof or assertion of the benchmark is good. */
const generationMs = 90_000;

/**
 * Storage for oidc-provider in maps that forget by generation. Spending the same proof or assertion twice at once fails the
 * second time: the library looks and then writes, so the write itself must refuse.
 */
export function memoryAdapter() {
  let [young, old] = [new Map<string, Payload>(), new Map<string, Payload>()];
  let turnAt = Date.now() + generationMs;
  const turn = (): void => {
    if (Date.now() < turnAt) return;
    [young, old] = [new Map(), young];
    turnAt = Date.now() + generationMs;
  };
  return class MemoryAdapter {
    readonly model: string;

    constructor(model: string) {
      this.model = model;
    }

    async find(id: string): Promise<Payload | undefined> {
      return young.get(this.model + id) ?? old.get(this.model + id);
    }

    async upsert(id: string, payload: Payload): Promise<void> {
      turn();
      const name = this.model + id;
      if (this.model === 'ReplayDetection' && (young.has(name) || old.has(name)))
        throw new errors.InvalidGrant('was used before');
      young.set(name, payload);
    }

    async destroy(id: string): Promise<void> {
      young.delete(this.model + id);
      old.delete(this.model + id);
    }

    async consume(): Promise<void> {}
    async findByUid(): Promise<undefined> {}
    async findByUserCode(): Promise<undefined> {}
    async revokeByGrantId(): Promise<void> {}
  };
}
