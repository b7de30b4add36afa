import { Fault } from '#kernel/fault';

/** What is wrong with an assertion is one fault for its presenter, whatever it is; `why` is for operators. */
export function refuseAssertion(why: string): never {
  throw new Fault('assertion.refused', why);
}
