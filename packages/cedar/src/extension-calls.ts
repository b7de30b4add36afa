import { Datetime, readDatetime, sinceStartOfDay, startOfDay } from './datetime.ts';
import { Decimal, readDecimal } from './decimal.ts';
import { Duration, msPer, readDuration } from './duration.ts';
import { EvaluationError } from './evaluation-error.ts';
import { IpAddress, readIpAddress } from './ip-address.ts';
import { checkedLong } from './long.ts';
import { typeOf, type Value } from './value.ts';

/** A function of an extension type. Throws EvaluationError for arguments that do not fit, and for too few or too many. */
export type ExtensionCall = (args: readonly Value[]) => Value;

/** Constructors and methods of Cedar's extension types, by name. A method has what it is called on as its first argument. */
export const extensionCalls: ReadonlyMap<string, ExtensionCall> = new Map<string, ExtensionCall>([
  ['decimal', constructorOf('decimal', readDecimal)],
  ['ip', constructorOf('ipaddr', readIpAddress)],
  ['datetime', constructorOf('datetime', readDatetime)],
  ['duration', constructorOf('duration', readDuration)],

  ['lessThan', onTwo(Decimal, Decimal, (left, right) => left.scaled < right.scaled)],
  ['lessThanOrEqual', onTwo(Decimal, Decimal, (left, right) => left.scaled <= right.scaled)],
  ['greaterThan', onTwo(Decimal, Decimal, (left, right) => left.scaled > right.scaled)],
  ['greaterThanOrEqual', onTwo(Decimal, Decimal, (left, right) => left.scaled >= right.scaled)],

  ['isIpv4', onOne(IpAddress, (address) => address.version === 4)],
  ['isIpv6', onOne(IpAddress, (address) => address.version === 6)],
  ['isLoopback', onOne(IpAddress, (address) => address.isLoopback())],
  ['isMulticast', onOne(IpAddress, (address) => address.isMulticast())],
  ['isInRange', onTwo(IpAddress, IpAddress, (address, range) => address.isWithin(range))],

  ['offset', onTwo(Datetime, Duration, (from, by) => new Datetime(checkedLong(from.ms + by.ms)))],
  ['durationSince', onTwo(Datetime, Datetime, (until, from) => new Duration(checkedLong(until.ms - from.ms)))],
  ['toDate', onOne(Datetime, (datetime) => startOfDay(datetime) ?? overflow())],
  ['toTime', onOne(Datetime, sinceStartOfDay)],

  ['toMilliseconds', onOne(Duration, ({ ms }) => ms)],
  ['toSeconds', onOne(Duration, ({ ms }) => ms / msPer.second)],
  ['toMinutes', onOne(Duration, ({ ms }) => ms / msPer.minute)],
  ['toHours', onOne(Duration, ({ ms }) => ms / msPer.hour)],
  ['toDays', onOne(Duration, ({ ms }) => ms / msPer.day)],
]);

function constructorOf(type: string, read: (text: string) => Value | undefined): ExtensionCall {
  return (args) => {
    const [text] = args;
    if (args.length !== 1 || typeof text !== 'string') throw unfit(args);
    const value = read(text);
    if (value === undefined) throw new EvaluationError(`this text is no ${type}`);
    return value;
  };
}

type Extension<One> = abstract new (...parts: never[]) => One;

function onOne<One>(type: Extension<One>, call: (one: One) => Value): ExtensionCall {
  return (args) => {
    const [one] = args;
    if (args.length !== 1 || !(one instanceof type)) throw unfit(args);
    return call(one);
  };
}

function onTwo<One, Other>(
  type: Extension<One>,
  otherType: Extension<Other>,
  call: (one: One, other: Other) => Value,
): ExtensionCall {
  return (args) => {
    const [one, other] = args;
    if (args.length !== 2 || !(one instanceof type) || !(other instanceof otherType)) throw unfit(args);
    return call(one, other);
  };
}

function unfit(args: readonly Value[]): EvaluationError {
  return new EvaluationError(`a function does not take (${args.map(typeOf).join(', ')})`);
}

function overflow(): never {
  throw new EvaluationError('overflow of a datetime');
}
