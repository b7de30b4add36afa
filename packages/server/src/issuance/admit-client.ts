import type { IncomingMessage } from 'node:http';
import { authenticateCertificate, proofByCertificate } from '#authn/authenticate-certificate';
import { authenticateClient } from '#authn/authenticate-client';
import { orNotReady } from '#authn/proof-fault';
import { readStanding, type Standing } from '#authn/read-standing';
import { Fault } from '#kernel/fault';
import { spendKey } from '#ledger/commit-queue';
import { clientParameters } from './client-parameters.ts';
import type { Form } from './form.ts';
import type { IssuanceRoom } from './issuance-room.ts';

/** A client that is live and whose assertion is spent. */
export type AdmittedClient = {
  readonly id: string;
  readonly credential: string;
  readonly standing: Extract<Standing, { live: true }>;
};

/** How long a used assertion is remembered past its end, in milliseconds. */
const slackMs = 120_000;

/**
 * The door of introspection and revocation: the client's assertion, or the certificate of its connection, holds, the client
 * is live, and the assertion is spent, durably, before anything is answered. Faults `client.unknown`,
 * `client.assertion_replayed`, `service.not_ready`.
 */
export async function admitClient(room: IssuanceRoom, form: Form, request: IncomingMessage): Promise<AdmittedClient> {
  if (!room.feed.isFresh()) throw new Fault('service.not_ready', 'the change feed is stale');
  const parameters = clientParameters(form);
  const certificate = parameters.assertion === undefined ? room.certificateOf?.(request) : undefined;
  const { clientId, credential, jti, expiresAtSeconds, isSpent } =
    certificate === undefined
      ? await authenticateClient(room, parameters)
      : await authenticateCertificate(room, parameters, certificate, {
          proof: proofByCertificate(certificate, room.clock()),
          manifest: undefined,
        });
  const standing = await orNotReady(readStanding(room.facts, clientId, credential.id));
  if (!standing.live) throw new Fault('client.unknown', standing.why);
  if (isSpent === true) return { id: clientId, credential: credential.id, standing };
  const spend = { key: spendKey('assertion', clientId, jti), expiresAtMs: expiresAtSeconds * 1_000 + slackMs };
  const result = await orNotReady(room.queue.commit({ entries: [], spends: [spend] }));
  if (result === 'replayed') throw new Fault('client.assertion_replayed');
  return { id: clientId, credential: credential.id, standing };
}
