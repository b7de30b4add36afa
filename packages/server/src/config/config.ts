import * as z from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);

/** Every knob, its default and its meaning. `docs/reference/configuration.md` is generated from this. */
export const Config = z.strictObject({
  SURETY_DATA_DIR: z.string().min(1).default('surety-data').describe('Folder of everything kept: generated keys and the embedded PostgreSQL.'),
  SURETY_DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//).optional().describe('An external PostgreSQL 15 or newer. Unset: a private one runs as a child process.'),
  SURETY_KEY_FILE: z.string().min(1).optional().describe('File with the 32-byte key-encryption key, base64url. Unset: made in the data folder. Nodes that share a database share this key.'),
  SURETY_HOST: z.string().default('127.0.0.1').describe('Address to listen on.'),
  SURETY_PORT: port.default(7070).describe('Port of the API and token endpoint. If it is taken, the next free one is used and printed.'),
  SURETY_GATEWAY_PORT: port.default(7071).describe('Port of the MCP gateway. If it is taken, the next free one is used and printed.'),
  SURETY_ISSUER: z.url({ protocol: /^https?$/ }).optional().describe('Public origin of the API; becomes `iss` in every token. Unset: http://127.0.0.1:<port>.'),
  SURETY_GATEWAY_URL: z.url({ protocol: /^https?$/ }).optional().describe('Public origin of the gateway. Unset: http://127.0.0.1:<gateway port>.'),
  SURETY_ACCESS_TOKEN_SECONDS: z.coerce.number().int().min(30).max(300).default(300).describe('Lifetime of an access token.'),
  SURETY_REREAD_SECONDS: z.coerce.number().int().min(10).max(86_400).default(300).describe('How often each protected system is asked again what can be called on it. What is new or has changed cannot be called until a person has looked at it.'),
  SURETY_COMPARE_SHARE: z.coerce.number().min(0).max(1).default(0.001).describe('Share of decisions that the official Cedar makes again, off the path, from 0 (none) to 1 (all). A difference is a finding; `surety status` shows it.'),
  SURETY_DEED_DAYS: z.coerce.number().int().min(367).max(3_660).default(400).describe('How long what agents did is kept for limits and rules about the past. No window of a limit or rule is longer than 366 days.'),
  SURETY_KEY_DAYS: z.coerce.number().int().min(1).max(365).default(30).describe('How long one key signs access tokens before the next takes its place. The one before verifies until what it signed has expired.'),
  SURETY_APPROVAL_SECONDS: z.coerce.number().int().min(10).max(86_400).default(600).describe('How long a question waits for a person before it expires to no.'),
  SURETY_HOLD_MS: z.coerce.number().int().min(0).max(55_000).default(45_000).describe('How long an open connection waits for a person before the agent is told to repeat the call later.'),
  SURETY_TASK_SECONDS: z.coerce.number().int().min(60).max(2_592_000).default(86_400).describe('Lifetime of a task that an agent opens for itself.'),
  SURETY_POLL_MS: z.coerce.number().int().min(50).max(1000).default(500).describe('How often a node asks for changes when nothing wakes it.'),
  SURETY_LEASE_MS: z.coerce.number().int().min(200).max(10_000).default(2000).describe('How old the last answered poll may be; past it the node denies everything.'),
  SURETY_NODE_NAME: z.string().regex(/^[\w.-]{1,60}$/).default('node-1').describe('Name of this node in receipts and status.'),
  SURETY_LOG_LEVEL: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('warn').describe('What the operators log holds, on stderr.'),
  SURETY_ALLOW_COMMANDS: z.stringbool().default(false).describe('Whether a protected system may be a command that this server runs as its child. Only where every administrator may run commands here anyway.'),
  SURETY_ALLOW_LOOPBACK_ISSUERS: z.stringbool().default(false).describe('Whether the keys of a trusted issuer may come from plain http on this computer. For trials only.'),
  SURETY_CLIENT_REGISTRATION: z.stringbool().default(false).describe('Whether clients may register themselves at `/register` (RFC 7591), each as a draft, with an initial access token that a person made.'),
  SURETY_MTLS_PORT: port.optional().describe('Port where clients show TLS certificates (RFC 8705), for tokens and for calls alike. Unset: there is none.'),
  SURETY_MTLS_URL: z.url({ protocol: /^https$/ }).optional().describe('Public origin of that port. Unset: https://127.0.0.1:<port>.'),
  SURETY_MTLS_CERT_FILE: z.string().min(1).optional().describe('PEM file with the certificate of the server for that port, and what is above it.'),
  SURETY_MTLS_KEY_FILE: z.string().min(1).optional().describe('PEM file with the private key of that certificate.'),
  SURETY_CLIENT_CERT_PROXY: z.union([z.ipv4(), z.ipv6()]).optional().describe('Address of the one proxy that ends TLS and says which certificate it saw (RFC 9440). It must remove that header from what clients send. Unset: nobody is believed.'),
  SURETY_CLIENT_CERT_HEADER: z.string().regex(/^[a-z0-9-]{1,40}$/).default('client-cert').describe('The header field in which that proxy says it; its chain is in the same name with `-chain` at the end.'),
  SURETY_ACCEPT_UNSAFE_DATABASE: z.stringbool().default(false).describe('Start on a PostgreSQL with fsync or full_page_writes off. The promises about the record are then void.'),
});
export type Config = z.output<typeof Config>;

/** Read once, at the door. Nothing else in the house may touch `process.env`. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const known = Object.fromEntries(Object.keys(Config.shape).flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  const read = Config.safeParse(known);
  if (!read.success) throw new Error(`configuration refused:\n${z.prettifyError(read.error)}`);
  return Object.freeze(read.data);
}
