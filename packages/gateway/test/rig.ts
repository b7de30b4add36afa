import type { Upstream } from '@surety/contract/system';
import { type Gateway, type GatewayOptions, openGateway } from '../src/open-gateway.ts';
import type { GatewayLog } from '../src/log.ts';
import { createRawCaller, type RawCaller, type RawCallerOptions } from './raw-caller.ts';
import { createScriptedHouse, type ScriptedHouse } from './scripted-house.ts';

export type Rig = {
  readonly house: ScriptedHouse;
  readonly gateway: Gateway;
  /** Lines of the operators' log, as text. */
  readonly log: string[];
  caller(system: string, options?: RawCallerOptions): RawCaller;
  system(
    name: string,
    upstream: Upstream | string,
    operations: readonly string[],
    credential?: { readonly name: string; readonly value: string },
  ): void;
  close(): Promise<void>;
};

/** A guard on a real socket before a scripted house. */
export async function openRig(options: Partial<GatewayOptions> = {}): Promise<Rig> {
  const issuer = options.issuer ?? 'http://127.0.0.1:1';
  const house = createScriptedHouse(issuer);
  const lines: string[] = [];
  const note = (fields: object, message: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log: GatewayLog = { info: note, warn: note, error: note };
  const gateway = await openGateway({ house, issuer, host: '127.0.0.1', port: 0, log, ...options });
  return {
    house,
    gateway,
    log: lines,
    caller: (system, caller) => createRawCaller(house, gateway.url, system, caller),
    system: (name, upstream, operations, credential) =>
      void house.addSystem(
        name,
        typeof upstream === 'string' ? { kind: 'mcp-http', url: upstream } : upstream,
        operations,
        credential,
      ),
    close: () => gateway.close(),
  };
}
