/** Takes a system's credential out of a text that came from the system. */
export type Redact = (text: string) => string;

const asItIs: Redact = (text) => text;
const mark = '[credential removed by Surety]';

/** Shorter secrets would be found everywhere. */
const minSecretLength = 6;

/**
 * A system may echo what it was sent: its credential must not reach the agent that way. Looks for the whole value and
 * for what follows its scheme (`Bearer …`), as they stand, inside JSON strings, and in base64.
 */
export function redactorOf(credential: string | undefined): Redact {
  if (credential === undefined) return asItIs;
  const value = credential.trim();
  const secret = value.replace(/^[A-Za-z][A-Za-z0-9-]* +/, '');
  const needles = [...new Set([value, secret].flatMap(spellings))].filter((needle) => needle.length >= minSecretLength);
  return (text) => needles.reduce((clean, needle) => (clean.includes(needle) ? clean.replaceAll(needle, mark) : clean), text);
}

function spellings(secret: string): readonly string[] {
  const bytes = Buffer.from(secret, 'utf8');
  return [secret, JSON.stringify(secret).slice(1, -1), bytes.toString('base64'), bytes.toString('base64url')];
}
