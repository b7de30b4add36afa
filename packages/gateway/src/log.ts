/** Operators' log, as the guard needs it: facts about the running, never values of arguments, tokens, keys or names of people. */
export type GatewayLog = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** What may be said of an unknown error in a log: its class, its code and the place it came from; never its message. */
export function errorFields(thrown: unknown): object {
  if (!(thrown instanceof Error)) return { error: typeof thrown };
  const code = 'code' in thrown ? String(thrown.code) : undefined;
  return {
    error: thrown.name,
    code,
    at: thrown.stack
      ?.split('\n')
      .slice(1, 4)
      .map((line) => line.trim()),
  };
}
