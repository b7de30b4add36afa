import { canonicalJson, ExactNumber, type ExactRecord, type ExactValue } from '@surety/contract/exact-json';
import {
  type AccessQuestion,
  type AskedAction,
  type AskedEntity,
  QuestionError,
  readAction,
  readEntity,
  readObject,
  readType,
} from './access-question.ts';

/** One of the three searches of AuthZEN 1.0 (§8): everything of a question but what is looked for. */
export type AccessSearch =
  | {
      readonly kind: 'subject';
      readonly type: string;
      readonly action: AskedAction;
      readonly resource: AskedEntity;
      readonly context: ExactRecord;
    }
  | {
      readonly kind: 'resource';
      readonly type: string;
      readonly subject: AskedEntity;
      readonly action: AskedAction;
      readonly context: ExactRecord;
    }
  | { readonly kind: 'action'; readonly subject: AskedEntity; readonly resource: AskedEntity; readonly context: ExactRecord };

export type SearchKind = AccessSearch['kind'];

/** Which part of the results is asked for. `token` is what an earlier page gave. */
export type AskedPage = { readonly token: string | undefined; readonly limit: number };

/** How many results a page has, when nothing is said and at most. */
const pageSize = { usual: 100, most: 1_000 } as const;

/**
 * Reads a search (§8.4 to §8.6). The id and properties of what is searched for are not looked at, nor is an action in a search
 * for actions. Throws `QuestionError`.
 */
export function readSearch(kind: SearchKind, body: ExactRecord): { readonly search: AccessSearch; readonly page: AskedPage } {
  return { search: searchOf(kind, body), page: readPage(readObject(body['page'], '/page')) };
}

function searchOf(kind: SearchKind, body: ExactRecord): AccessSearch {
  const context = readObject(body['context'], '/context');
  const subject = () => readEntity(body['subject'], '/subject');
  const action = () => readAction(body['action'], '/action');
  const resource = () => readEntity(body['resource'], '/resource');
  switch (kind) {
    case 'subject':
      return { kind, type: readType(body['subject'], '/subject'), action: action(), resource: resource(), context };
    case 'resource':
      return { kind, subject: subject(), action: action(), type: readType(body['resource'], '/resource'), context };
    case 'action':
      return { kind, subject: subject(), resource: resource(), context };
  }
}

function readPage({ token, limit }: ExactRecord): AskedPage {
  if (token !== undefined && typeof token !== 'string') throw new QuestionError('/page/token', 'is no text');
  return { token: token === '' ? undefined : token, limit: readLimit(limit) };
}

function readLimit(limit: ExactValue | undefined): number {
  if (limit === undefined) return pageSize.usual;
  if (!(limit instanceof ExactNumber) || !limit.isInteger || limit.toNumber() < 1)
    throw new QuestionError('/page/limit', 'is no whole number above 0');
  return Math.min(limit.toNumber(), pageSize.most);
}

/** The one text of a search, without its page: two searches that could have different results have different texts. */
export function searchText(search: AccessSearch): string {
  return canonicalJson(search);
}

/** The question that a candidate stands for: what the search would have asked about it alone. Nothing is claimed of it. */
export function questionAbout(search: AccessSearch, candidate: string): AccessQuestion {
  switch (search.kind) {
    case 'subject':
      return {
        context: search.context,
        subject: unclaimed(search.type, candidate),
        action: search.action,
        resource: search.resource,
      };
    case 'resource':
      return {
        context: search.context,
        subject: search.subject,
        action: search.action,
        resource: unclaimed(search.type, candidate),
      };
    case 'action':
      return {
        context: search.context,
        subject: search.subject,
        action: { name: candidate, properties: {} },
        resource: search.resource,
      };
  }
}

/** A result as it is answered. */
export function resultOf(search: AccessSearch, candidate: string): { readonly [name: string]: string } {
  return search.kind === 'action' ? { name: candidate } : { type: search.type, id: candidate };
}

function unclaimed(type: string, id: string): AskedEntity {
  return { type, id, properties: {} };
}
