import type { IncomingMessage } from 'node:http';
import { verifyDpopProof } from '@surety/proof/dpop';
import { orNotReady, orProofFault } from '#authn/proof-fault';
import { Fault } from '#kernel/fault';
import { headerValues } from '#kernel/header-values';
import { spendKey } from '#ledger/commit-queue';
import { admitClient } from '../admit-client.ts';
import { clientParameters } from '../client-parameters.ts';
import { admitProvenDocument, documentIdOf } from '../document-client.ts';
import { createEndpoint, type RawHandler } from '../endpoint.ts';
import type { Form } from '../form.ts';
import type { IssuanceRoom } from '../issuance-room.ts';

/** Parameters of client authentication, which is done here, and of the key, which is said by the proof. */
const ours: ReadonlySet<string> = new Set(['client_assertion', 'client_assertion_type', 'client_id']);

/**
 * Pushed authorization requests (RFC 9126): the client proves who it is as at every other endpoint, and may bind the
 * code to a key by a DPoP proof (RFC 9449 §10.1). What it asks for is then the engine's to judge.
 */
export function parEndpoint(room: IssuanceRoom): RawHandler {
  return createEndpoint(room, async (form, request, response) => {
    const jkt = await provenKey(room, headerValues(request, 'dpop'));
    const id = await admitted(room, form, request);
    const parameters = new URLSearchParams({ client_id: id });
    for (const [name, values] of form) if (!ours.has(name)) for (const value of values) parameters.append(name, value);
    if (jkt !== undefined) {
      if ((parameters.get('dpop_jkt') ?? jkt) !== jkt) throw new Fault('dpop.proof_invalid', 'dpop_jkt is another key');
      parameters.set('dpop_jkt', jkt);
    }
    await room.interactive.push(parameters, request, response);
    return 'answered';
  });
}

/** The client, as it calls itself to people and to us. */
async function admitted(room: IssuanceRoom, form: Form, request: IncomingMessage): Promise<string> {
  const parameters = clientParameters(form);
  const document = documentIdOf(parameters);
  return document === undefined
    ? (await admitClient(room, form, request)).id
    : (await admitProvenDocument(room, document, parameters)).url;
}

async function provenKey(room: IssuanceRoom, proofs: readonly string[]): Promise<string | undefined> {
  if (proofs.length === 0) return undefined;
  const nonce = { required: true, nonces: room.nonces };
  const url = `${room.issuer}/par`;
  const proof = orProofFault(() => verifyDpopProof({ headerValues: proofs, method: 'POST', url, now: room.clock(), nonce }));
  const spend = { key: spendKey('dpop', proof.jkt, proof.jti), expiresAtMs: proof.iat * 1_000 + 120_000 };
  if ((await orNotReady(room.queue.commit({ entries: [], spends: [spend] }))) === 'replayed')
    throw new Fault('dpop.proof_replayed');
  return proof.jkt;
}
