import type { PolicyRequest } from './policy-engine.ts';
import type { CedarRecord } from './cedar-value.ts';

/** Who asks the API for something. `nobody` comes with a one-time code and no name. */
export type HouseCaller = {
  readonly kind: 'human' | 'workload' | 'agent' | 'nobody';
  readonly id: string;
  readonly roles: readonly string[];
};

const types = { human: 'Human', workload: 'Workload', agent: 'Agent', nobody: 'Nobody' } as const;

/** A request to the API as a question to Cedar. `action` is that of the route; `context` says how the caller stands to it. */
export function houseRequest(caller: HouseCaller, action: string, context: CedarRecord): PolicyRequest {
  const principal = { type: types[caller.kind], id: caller.id };
  return {
    principal,
    action: { type: 'Action', id: action },
    resource: { type: 'House', id: 'house' },
    context,
    entities: [{ uid: principal, attributes: { roles: caller.roles }, parents: [] }],
  };
}
