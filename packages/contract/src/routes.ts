import * as authority from './authority-routes.ts';
import * as authzen from './authzen-routes.ts';
import * as federation from './federation-routes.ts';
import * as flow from './flow-routes.ts';
import * as lab from './lab-routes.ts';
import * as metering from './metering-routes.ts';
import * as oversight from './oversight-routes.ts';
import * as registry from './registry-routes.ts';
import type { Route } from './route.ts';
import * as signin from './signin-routes.ts';

function isRoute(value: unknown): value is Route {
  return typeof value === 'object' && value !== null && 'path' in value && 'action' in value && 'faults' in value;
}

/** Every operation of the API, in the order of the documentation. */
export const routes: readonly Route[] = [
  registry,
  authority,
  metering,
  lab,
  authzen,
  flow,
  federation,
  signin,
  oversight,
].flatMap((room) => Object.values(room).filter(isRoute));

/** Every action that the API asks the decision point about. */
export const apiActions: readonly string[] = [...new Set(routes.map((one) => one.action))].sort();
