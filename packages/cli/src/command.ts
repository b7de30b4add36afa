import type { KnownSystems, LintFinding, PolicyChange, TestResult } from '@surety/contract/lab';
import type { ErrorReport } from './cli-error.ts';
import type { Io } from './io.ts';
import type { Printer } from './output/print.ts';
import type { Session } from './session.ts';

/** One command, described; parsing, help and completion are computed from it. */
export type CommandSpec = {
  /** `show <agent>`: its name and what it takes, in commander's notation. Of a command at the root, without its name. */
  readonly usage: string;
  readonly summary: string;
  readonly options?: readonly OptionSpec[];
  /** What stands below the help, as it is: a file to begin with. */
  readonly example?: string;
  /** Whether it changes something on a server: then it has `--dry-run` and says on standard error where it goes. */
  readonly changes?: boolean;
  /** Whether what stands behind `--` is for it. */
  readonly takesTail?: boolean;
  /** Resolves to an exit code, 0 when it says nothing. */
  readonly run: (cli: Cli, given: Given) => Promise<number | void>;
};

/** `-n, --name <value>` and what it is for. `repeat`: may be given several times. */
export type OptionSpec = { readonly flags: string; readonly about: string; readonly repeat?: boolean };

/** What was typed. */
export type Given = {
  readonly args: readonly string[];
  /** What stood behind `--`. */
  readonly tail: readonly string[];
  readonly text: (option: string) => string | undefined;
  readonly flag: (option: string) => boolean;
  readonly list: (option: string) => readonly string[];
};

/** A command at the root. What it takes, and what is below it, is read only when it is typed. */
export type RootCommand = {
  readonly name: string;
  readonly summary: string;
  readonly group: 'Start' | 'Identity' | 'Authority' | 'Calls' | 'Proof' | 'Other';
  readonly load: () => Promise<CommandSpec | readonly CommandSpec[]>;
};

/** What a command works with. */
export type Cli = {
  readonly io: Io;
  readonly home: string;
  readonly print: Printer;
  readonly version: string;
  readonly frontDoor: FrontDoor;
  /** All commands at the root. */
  readonly commands: readonly RootCommand[];
  /** The person, at the server that is meant. Opened when first asked for. */
  readonly session: () => Promise<Session>;
  /** `--yes`, `--accept-risk`, `--dry-run`. */
  readonly yes: boolean;
  readonly acceptedRisks: readonly string[];
  readonly dryRun: boolean;
  /** `--accept-risk=plaintext`: a server may be reached without encryption. */
  readonly plaintext: boolean;
  readonly warn: (report: Pick<ErrorReport, 'message' | 'next'>) => void;
};

/** Lints the texts of a change and runs its tests. `systems`: what their names are checked against. */
export type CheckPolicies = (
  change: PolicyChange,
  systems?: KnownSystems,
) => { readonly lint: readonly LintFinding[]; readonly tests: TestResult };

/** What only the computer of the server can do: given by the package that composes everything. */
export type FrontDoor = {
  readonly version?: string;
  /** Commands at the root, by name: `up`, `demo`, `doctor`. They stand first in the help. */
  readonly commands?: Readonly<Record<string, CommandSpec>>;
  /** Looks at policies and runs the tests beside them, with the decision point of this computer. */
  readonly policyLab?: () => Promise<CheckPolicies>;
  /** Reads the claim code and the address of an unclaimed server from its data folder. Undefined when there is none. */
  readonly readClaim?: (
    cli: Cli,
    dataFolder: string | undefined,
  ) => Promise<{ readonly code: string; readonly url: string; readonly gateway?: string } | undefined>;
};
