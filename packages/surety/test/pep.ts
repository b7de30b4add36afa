import type { ApplicationDocument } from '@surety/contract/authzen';
import { publishApplication } from '@surety/contract/authzen-routes';
import { moveWorkload, registerWorkload } from '@surety/contract/registry-routes';
import type { World } from './authzen-documents.ts';
import { byHand, type ByHand, type Change } from './by-hand.ts';
import { enrolKeyOf } from './company.ts';
import { makeKey } from './forge.ts';
import { bodyOf, type RawAnswer } from './raw-http.ts';
import type { Rig } from './rig.ts';

export type Said = { readonly status: number; readonly body: Readonly<Record<string, unknown>>; readonly raw: RawAnswer };

/** A workload that asks for decisions, for an application of its own. */
export type Asker = {
  readonly byHand: ByHand;
  readonly application: string;
  /** POST to one of the endpoints under `/access/v1/`. */
  ask(path: string, body: object, change?: Change): Promise<Said>;
  evaluate(body: object): Promise<unknown>;
  publish(world: World): Promise<void>;
};

/** A workload with a key, active and asking for nothing yet. */
export async function employ(rig: Rig, name: string): Promise<ByHand> {
  const { client } = rig.maya;
  const workload = await client.call(registerWorkload, { name, displayName: name, owner: rig.maya.id });
  const key = await makeKey();
  await enrolKeyOf(rig.place, rig.maya, workload.id, key);
  await client.call(moveWorkload, { workload: workload.id, to: 'active', reason: 'ready' });
  return byHand(rig.place, workload.id, key);
}

export async function openAsker(rig: Rig, name: string, world: World): Promise<Asker> {
  const by = await employ(rig, name);
  const publish = async (next: World): Promise<void> => {
    const document: ApplicationDocument = { ...next, peps: [by.id as ApplicationDocument['peps'][number]] };
    await rig.maya.client.call(publishApplication, { application: name, document });
  };
  await publish(world);
  const ask: Asker['ask'] = async (path, body, change) => {
    const raw = await by.api('POST', `/access/v1/${path}`, body, change);
    return { status: raw.status, body: bodyOf(raw), raw };
  };
  return {
    byHand: by,
    application: name,
    ask,
    publish,
    evaluate: async (body) => {
      const { status, body: said, raw } = await ask('evaluation', body);
      if (status !== 200) throw new Error(`${status} ${raw.text}`);
      return said['decision'];
    },
  };
}
