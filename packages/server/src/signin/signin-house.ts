import type { Clock } from '#kernel/clock';
import type { Db } from '#kernel/db';

/** What signing in needs. `origin`: where people open our pages, without a slash at the end. */
export type SigninHouse = { readonly db: Db; readonly clock: Clock; readonly origin: string };

/** How long a sign-in or registration may take between its two steps, in milliseconds. */
export const challengeMs = 300_000;

/** A session ends when nobody used it for this long, in milliseconds. */
export const idleMs = 3_600_000;

/** A session ends this long after the passkey was shown, in milliseconds. */
export const sessionMs = 12 * 3_600_000;
