/** A value that a result held, as it is kept with the outcome of the call: where it was met and what is known of it. */
export type TreeSight = {
  /** The task at the top of the tree. */
  readonly root: string;
  /** Keyed, 16 bytes. */
  readonly fingerprint: Buffer;
  readonly isUntrusted: boolean;
  /** Labels, with spaces between them. */
  readonly labels: string;
  readonly system: string;
  readonly operation: string;
  readonly action: string;
  readonly atMs: number;
};
