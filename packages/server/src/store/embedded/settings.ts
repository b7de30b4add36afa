/**
 * How the embedded PostgreSQL runs. Durability is never traded: what is committed has reached the disk. It listens on
 * no network. Its own log holds no values: a failed statement, its parameters and the detail of an error stay out.
 */
export const settings: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  password_encryption: 'scram-sha-256',

  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',

  max_connections: '100',
  shared_buffers: '128MB',
  wal_compression: 'off',
  min_wal_size: '256MB',
  max_wal_size: '1GB',
  checkpoint_timeout: '10min',
  checkpoint_completion_target: '0.9',
  max_parallel_workers_per_gather: '0',
  jit: 'off',

  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
  log_timezone: 'UTC',
  timezone: 'UTC',
  lc_messages: 'C',
};

/** As arguments of `postgres`; visible to every user of the machine, so nothing secret is a setting. */
export function settingArguments(chosen: Readonly<Record<string, string>>): string[] {
  return Object.entries(chosen).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
