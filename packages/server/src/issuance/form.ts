import type { IncomingMessage } from 'node:http';
import { Fault } from '#kernel/fault';
import { readBody } from '#kernel/read-body';

/** The parameters of a request, by name. More than one value only where a standard lets a parameter come again. */
export type Form = ReadonlyMap<string, readonly string[]>;

/** The longest body that is read, in bytes. */
const maxBytes = 65_536;

const maxParameters = 100;

/** RFC 8707 §2 and RFC 8693 §2.1: these may come more than once, and what that means is the grant's question. */
const repeatable: ReadonlySet<string> = new Set(['resource', 'audience']);

const formType = /^application\/x-www-form-urlencoded(?:\s*;\s*charset="?utf-8"?)?$/i;

/**
 * Reads the body of an OAuth request (RFC 6749 §3.2): form-encoded UTF-8 in its one strict spelling. A parameter without a
 * value is as if it were not there; one that comes twice is refused (RFC 6749 §3.1). Faults `request.malformed`,
 * `request.too_large`.
 */
export async function readForm(request: IncomingMessage): Promise<Form> {
  const type = request.headers['content-type'];
  if (type === undefined || !formType.test(type)) malformed('/content-type', 'send application/x-www-form-urlencoded');
  if (request.headers['content-encoding'] !== undefined) malformed('/content-encoding', 'send the body as it is');
  return parseForm((await readBody(request, maxBytes)).toString('latin1'));
}

/** The parameters of a form-encoded text. */
export function parseForm(text: string): Form {
  const form = new Map<string, readonly string[]>();
  if (text === '') return form;
  if (!/^[\x21-\x7e]+$/.test(text)) malformed('/', 'the form is not encoded');
  const valueless = new Set<string>();
  for (let from = 0, pairs = 1; from <= text.length; pairs++) {
    if (pairs > maxParameters) malformed('/', 'there are too many parameters');
    const next = text.indexOf('&', from);
    const end = next < 0 ? text.length : next;
    const equals = text.indexOf('=', from);
    const at = equals < 0 || equals > end ? end : equals;
    const name = decode(text.slice(from, at));
    const value = decode(text.slice(at + 1, end));
    const before = form.get(name);
    if ((before !== undefined || valueless.has(name)) && !repeatable.has(name))
      malformed('/', 'a parameter comes more than once');
    if (value === '') valueless.add(name);
    else form.set(name, before === undefined ? [value] : [...before, value]);
    from = end + 1;
  }
  return form;
}

function decode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    const value = decodeURIComponent(text.replaceAll('+', ' '));
    // oxlint-disable-next-line no-control-regex -- control characters are what this refuses
    if (!/[\u0000-\u001f\u007f]/.test(value)) return value;
  } catch {
    // refused below, like every other text that is no value
  }
  return malformed('/', 'a parameter is not encoded UTF-8 text');
}

/** The one value of a parameter, or undefined. */
export function parameter(form: Form, name: string): string | undefined {
  return form.get(name)?.[0];
}

/** A parameter that must be there. Fault `request.malformed` naming it. */
export function requiredParameter(form: Form, name: string): string {
  return parameter(form, name) ?? malformed(`/${name}`, 'is required');
}

/** Fault `request.malformed` about one part of the request. */
export function malformed(path: string, message: string): never {
  throw new Fault('request.malformed', undefined, { issues: [{ path, message }] });
}
