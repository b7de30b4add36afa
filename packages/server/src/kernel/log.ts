import pino from 'pino';

/** Operators' log: facts about the running of the house, never values of arguments, tokens, keys or names of people. */
export type Log = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** JSON lines on stderr, so that standard output stays data. */
export function openLog(level: string): Log {
  return pino(
    { level, redact: ['*.authorization', '*.dpop', '*.client_assertion', '*.password'] },
    pino.destination({ fd: 2, sync: false }),
  );
}

export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} };

/** What may be said of an unknown error in a log: its class, code and the place it came from; never its message. */
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
