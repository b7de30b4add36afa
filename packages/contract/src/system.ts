import * as z from 'zod';
import { OperationFlow, SystemFlow } from './flow.ts';
import { DisplayName, HumanId, Instant, Name, SystemId } from './id.ts';

/** What calling an operation does to the world. `unknown` counts as destructive until a person says otherwise. */
export const Effect = z.enum(['read', 'write', 'destructive', 'money', 'external', 'unknown']);
export type Effect = z.infer<typeof Effect>;

/** One thing that can be called on a system: an MCP tool. */
export const Operation = z
  .strictObject({
    name: z.string().min(1).max(200),
    title: z.string().max(300),
    effect: Effect,
    effectBy: z
      .enum(['heuristic', 'person', 'nobody'])
      .describe(
        'Who said so: our rule on verb and annotations, or a person. Nobody: it is new or has changed, and cannot be called before a person has said it.',
      ),
    definitionDigest: z.string().describe('SHA-256 of name, description, schemas and annotations as the server gave them.'),
    flow: OperationFlow.optional().describe(
      'What comes back from it and where it can lead to. Not there before it was read by a release that knows.',
    ),
  })
  .meta({ id: 'Operation' });
export type Operation = z.infer<typeof Operation>;

/**
 * What an MCP server can be asked beside its tools, as operations of their own: a mandate names them like a tool. No tool
 * is called like this, because a guard takes none whose name begins so.
 */
export const protocolOperations: Readonly<Record<string, { readonly title: string; readonly effect: Effect }>> = {
  'mcp:resources/read': { title: 'Read a resource', effect: 'read' },
  'mcp:resources/subscribe': { title: 'Be told when a resource changes', effect: 'read' },
  'mcp:resources/unsubscribe': { title: 'Be told no longer', effect: 'read' },
  'mcp:prompts/get': { title: 'Get a prompt', effect: 'read' },
  'mcp:completion/complete': { title: 'Have an argument completed', effect: 'read' },
};

/** What the names of protocol operations begin with. */
export const protocolPrefix = 'mcp:';

const inside = z
  .boolean()
  .optional()
  .describe(
    'Whether it stands inside the organisation. A read there that a person classified goes out while its intent is written; its answer waits for that.',
  );

/** Where the protected MCP server is: an address, or a command that is run as a child with stdio. Never a shell line. */
export const Upstream = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('mcp-http'), url: z.url({ protocol: /^https?$/ }), inside }),
    z.strictObject({
      kind: z.literal('mcp-stdio'),
      command: z.string().min(1).max(4096),
      args: z.array(z.string().max(4096)).max(100),
      cwd: z.string().max(4096).optional(),
      inside,
    }),
  ])
  .meta({ id: 'Upstream' });
export type Upstream = z.infer<typeof Upstream>;

/** How the system's own credential is given to it: an HTTP header, or an environment variable of the child. */
export const CredentialPlace = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('header'), name: z.string().regex(/^[A-Za-z0-9-]{1,100}$/) }),
  z.strictObject({ kind: z.literal('environment'), name: z.string().regex(/^[A-Z_][A-Z0-9_]{0,100}$/) }),
]);
export type CredentialPlace = z.infer<typeof CredentialPlace>;

export const SystemState = z.enum(['active', 'removed']);

export const System = z
  .strictObject({
    id: SystemId,
    name: Name,
    displayName: DisplayName,
    systemOwner: HumanId,
    upstream: Upstream,
    hasCredential: z.boolean(),
    flow: SystemFlow,
    operations: z.array(Operation),
    state: SystemState,
    revision: z.int().positive(),
    createdAt: Instant,
  })
  .meta({ id: 'System' });
export type System = z.infer<typeof System>;
