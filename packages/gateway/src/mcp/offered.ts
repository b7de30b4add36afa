import { type ExactRecord, type ExactValue, isExactRecord } from '@surety/contract/exact-json';
import { capabilitiesKey } from './check-version.ts';

/** The extension for work that outlives its call. */
const tasksExtension = 'io.modelcontextprotocol/tasks';

/**
 * Capabilities without what this guard does not offer: tasks, as 2025-11-25 had them and as an extension. Both sides
 * are told, so neither starts what could not be finished here.
 */
export function offeredCapabilities(capabilities: ExactValue): ExactValue {
  if (!isExactRecord(capabilities)) return capabilities;
  const { extensions } = capabilities;
  const rest = without(capabilities, 'tasks');
  return isExactRecord(extensions) ? { ...rest, extensions: without(extensions, tasksExtension) } : rest;
}

/** Parameters of a request with the capabilities of the caller reduced to what this guard offers. */
export function offeredParams(params: ExactRecord): ExactRecord {
  const { capabilities, _meta: meta } = params;
  const claimed = isExactRecord(meta) ? meta[capabilitiesKey] : undefined;
  return {
    ...params,
    ...(capabilities === undefined ? {} : { capabilities: offeredCapabilities(capabilities) }),
    ...(isExactRecord(meta) && claimed !== undefined
      ? { _meta: { ...meta, [capabilitiesKey]: offeredCapabilities(claimed) } }
      : {}),
  };
}

/** The answer to `initialize` or `server/discover` with the capabilities of the system reduced likewise. */
export function offeredAnswer(answer: ExactRecord): ExactRecord {
  const { result } = answer;
  if (!isExactRecord(result) || result['capabilities'] === undefined) return answer;
  return { ...answer, result: { ...result, capabilities: offeredCapabilities(result['capabilities']) } };
}

function without(record: ExactRecord, name: string): ExactRecord {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
}
