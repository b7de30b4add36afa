import { silentLog } from '#kernel/log';
import { migrate } from '#store/migrate';

/** A program that tests kill: migrates the database at `MIGRATE_URL` by the folder in its first argument. */
await migrate(process.env['MIGRATE_URL'] ?? '', silentLog, process.argv[2]);
