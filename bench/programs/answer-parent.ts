import { ownCpuMicros } from '../harness/cpu.ts';

/** What a program can be asked, by name. */
export type Answers = Readonly<Record<string, (value: never) => unknown>>;

type Question = { readonly id: number; readonly question: string; readonly value: unknown };

/**
 * Answers the parent's questions one at a time, in their order, and ends when the parent lets go or is gone: then `close`
 * is waited for. Ctrl-C reaches the whole group; only the parent obeys it.
 */
export function answerParent(answers: Answers, close: () => Promise<void>): void {
  const all: Answers = { cpu: ownCpuMicros, ...answers };
  let before = Promise.resolve();
  process.on('SIGINT', () => {});
  process.on('message', (question: Question) => {
    before = before.then(() => answer(all, question));
  });
  process.once('disconnect', () => {
    void before.then(close).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
  tell({ ready: true });
}

async function answer(answers: Answers, { id, question, value }: Question): Promise<void> {
  try {
    const ask = answers[question];
    if (ask === undefined) throw new Error(`cannot be asked for ${question}`);
    tell({ id, answer: await ask(value as never) });
  } catch (thrown) {
    tell({ id, error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) });
  }
}

/** A parent that is gone needs no answer; that it is gone must not keep us from tidying up. */
function tell(message: object): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}
