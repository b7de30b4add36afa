import { describeUpstream } from '@surety/gateway/describe-upstream';
import { type Gateway, openGatewayDoor } from '@surety/gateway/open-gateway';
import { type House, openHouse } from '@surety/server/compose';
import type { Config } from '@surety/server/config/config';
import { openDoor } from '@surety/server/http/open-door';
import type { Clock } from '@surety/server/kernel/clock';
import type { Log } from '@surety/server/kernel/log';
import { openCertificates } from './open-certificates.ts';
import { version } from './version.ts';

/** A server and its gateway in this process, serving. */
export type Running = {
  readonly house: House;
  readonly gateway: Gateway;
  readonly issuer: string;
  /** Where clients show certificates, if there is such an address. */
  readonly mtlsUrl: string | undefined;
  close(): Promise<void>;
};

/**
 * Starts the whole of Surety: database, house and MCP gateway. The two doors listen first, because the public addresses
 * may depend on their ports; until the house stands they answer 503. What was opened is closed again when a later part
 * cannot be. `clock`: what the time is, where a test holds it.
 */
export async function runSurety(config: Config, log: Log, clock?: Clock): Promise<Running> {
  const host = config.SURETY_HOST;
  const door = await openDoor({ host, port: config.SURETY_PORT });
  const gatewayDoor = await openGatewayDoor({
    host,
    port: config.SURETY_GATEWAY_PORT,
    publicUrl: config.SURETY_GATEWAY_URL,
  }).catch(async (thrown: unknown) => {
    await door.close(0);
    throw thrown;
  });
  const certificates = await openCertificates(config).catch(async (thrown: unknown) => {
    await Promise.all([door.close(0), gatewayDoor.close()]);
    throw thrown;
  });
  const issuer = trimSlash(config.SURETY_ISSUER ?? `http://${host}:${door.port}`);
  try {
    const house = await openHouse({
      config,
      log,
      version,
      door,
      issuer,
      gatewayUrl: gatewayDoor.url,
      describe: describeUpstream,
      allowCommands: config.SURETY_ALLOW_COMMANDS,
      certificateOf: certificates?.certificateOf,
      mtlsUrl: certificates?.url,
      clock,
    });
    const gateway = gatewayDoor.serve({
      house: house.guard,
      sessionKey: house.sessionKey,
      issuer,
      log,
      limits: { holdMs: config.SURETY_HOLD_MS },
      certificateOf: certificates?.certificateOf,
    });
    certificates?.serve(house.certificateListener, gateway.listener);
    const close = async () => {
      await certificates?.close();
      await gateway.close();
      await house.close();
    };
    return { house, gateway, issuer, mtlsUrl: certificates?.url, close };
  } catch (thrown) {
    await Promise.all([door.close(0), gatewayDoor.close(), certificates?.close()]);
    throw thrown;
  }
}

function trimSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
