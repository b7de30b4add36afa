/**
 * The place that the inputs of a decision are sealed for (AES-GCM associated data): the action, and which of its entries.
 * Moved beside another entry, they do not open.
 */
export function inputsPlace(action: string, type: string): string {
  return `inputs|${action}|${type}`;
}

/** The same for what came back from a system, where that is kept. */
export function payloadPlace(action: string): string {
  return `payload|${action}`;
}
