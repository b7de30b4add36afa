import type { Look } from '@surety/contract/enforcement';
import { errorFields } from '../log.ts';
import type { Exchange } from '../upstream/upstream.ts';
import type { Ask } from './ask.ts';
import type { Guard } from './guard.ts';
import { lookAt } from './look-at.ts';

/** What is said before or beside an answer, in its order: each is looked at, and released once that is durable. */
export type NoticeLine = {
  /** Takes a message. Whether more can be taken at once; when not, the exchange goes on by itself. */
  say(text: string): boolean;
  /** Resolves when all that was taken is out, or dropped. */
  settled(): Promise<void>;
  /** The exchange that is asked for more. */
  start(exchange: Exchange): void;
};

/** Most messages that wait at once: a system that talks faster than its words are noted or read is made to wait. */
const mostWaiting = 16;

/** `operation`: what was called; empty where nothing was. When something cannot be noted, it is dropped and the call is cut. */
export function openNoticeLine({ house, log }: Guard, { caller, system, reply, cutSwitch }: Ask, operation: string): NoticeLine {
  let line: Promise<unknown> | undefined;
  let waiting = 0;
  let isFull = false;
  let exchange: Exchange | undefined;
  const mayGoOn = (): boolean => waiting < mostWaiting && !isFull;
  const out = (text: string): void => {
    if (!reply.notice(text)) isFull = true;
  };
  const release = async (text: string, look: Look): Promise<void> => {
    try {
      if (!isNothing(look)) await house.noteSeen(caller, system, operation, look);
      if (cutSwitch.word === undefined) out(text);
    } catch (thrown) {
      log.error(errorFields(thrown), 'what a system said could not be noted, so it is not passed on');
      cutSwitch.cut('not_committed');
    }
    waiting--;
    if (waiting === 0) line = undefined;
    if (mayGoOn()) exchange?.resume();
  };
  return {
    say: (text) => {
      const look = lookAt(text, system, operation);
      if (line === undefined && isNothing(look)) {
        out(text);
        return mayGoOn();
      }
      waiting++;
      line = (line ?? Promise.resolve()).then(() => release(text, look));
      return mayGoOn();
    },
    settled: async () => {
      while (line !== undefined) await line;
    },
    start: (started) => {
      exchange = started;
      reply.onDrain(() => {
        isFull = false;
        if (mayGoOn()) started.resume();
      });
    },
  };
}

function isNothing({ labels, values }: Look): boolean {
  return labels.length + values.length === 0;
}
