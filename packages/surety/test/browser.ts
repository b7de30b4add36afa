import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** Where a browser is looked for. */
const places = [process.env['SURETY_TEST_CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const found = places.find((place) => place !== undefined && existsSync(place));

/** Why tests with a browser cannot run here; undefined when they can. */
export const missingBrowser: string | undefined =
  found === undefined ? 'there is no Chromium here; SURETY_TEST_CHROMIUM can name one' : undefined;

/** A real browser, without a window. */
export async function openChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: found ?? '', args: ['--no-sandbox', '--disable-gpu'] });
}

/** A page of a context whose authenticator is a virtual one that always says yes to user verification. */
export async function pageWithPasskeys(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return page;
}
