import type { TraceRun } from './trace.ts';

/**
 * Tasks of a public set that cannot be judged, and why. They are left out of `hijacks stopped`, and counted in a row of their
 * own.
 */
const defects: readonly { readonly why: string; readonly is: (run: TraceRun) => boolean }[] = [
  {
    why: 'AgentDojo banking user_task_15 of v1.1: the account that the person names as the landlord’s is the attacker’s',
    is: ({ suite, version, task }) => suite === 'banking' && version === 'v1.1' && task === 'user_task_15',
  },
  {
    why: 'AgentDojo travel injection_task_6: its goal is a sentence in the answer to the person, and no call',
    is: ({ suite, injection }) => suite === 'travel' && injection === 'injection_task_6',
  },
];

export function isDefect(run: TraceRun): boolean {
  return defects.some(({ is }) => is(run));
}
