import assert from 'node:assert/strict';
import type { Hours } from '@surety/contract/mandate';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { hoursKey, openHours, readHoursKey } from './hours.ts';

const isOpen = (hours: Hours, instant: string) => openHours(hours)?.isOpen(Date.parse(instant));
const office: Hours = { from: '08:00', until: '18:00', zone: 'Europe/Berlin', days: ['mon', 'tue', 'wed', 'thu', 'fri'] };
const night: Hours = { from: '22:00', until: '06:00', zone: 'Europe/Berlin', days: ['fri'] };

describe('local hours', () => {
  const cases: readonly [string, Hours, string, boolean][] = [
    ['from counts', office, '2026-06-10T06:00:00Z', true],
    ['the minute before does not', office, '2026-06-10T05:59:59.999Z', false],
    ['until does not count', office, '2026-06-10T16:00:00Z', false],
    ['the minute before does', office, '2026-06-10T15:59:59Z', true],
    ['in winter the same wall clock is another instant', office, '2026-12-09T07:00:00Z', true],
    ['and the summer instant is too early', office, '2026-12-09T06:00:00Z', false],
    ['a day that is not named', office, '2026-06-13T10:00:00Z', false],
    [
      'the day is the local one: Sunday evening in UTC is Monday in Auckland',
      { from: '08:00', until: '18:00', zone: 'Pacific/Auckland', days: ['mon'] },
      '2026-06-07T21:00:00Z',
      true,
    ],
    ['a night begins on its day', night, '2026-06-12T20:00:00Z', true],
    ['and runs into the next', night, '2026-06-13T03:59:00Z', true],
    ['until its end', night, '2026-06-13T04:00:00Z', false],
    ['the evening of the next day is not it', night, '2026-06-13T20:00:00Z', false],
    ['nor the morning of its own day', night, '2026-06-12T03:00:00Z', false],
    [
      'the hour that is skipped in spring: 03:30 summer time is inside 02:00 to 04:00',
      { from: '02:00', until: '04:00', zone: 'Europe/Berlin' },
      '2026-03-29T01:30:00Z',
      true,
    ],
    [
      'the hour that comes twice in autumn, first',
      { from: '02:00', until: '03:00', zone: 'Europe/Berlin' },
      '2026-10-25T00:30:00Z',
      true,
    ],
    [
      'the hour that comes twice in autumn, second',
      { from: '02:00', until: '03:00', zone: 'Europe/Berlin' },
      '2026-10-25T01:30:00Z',
      true,
    ],
    ['after it', { from: '02:00', until: '03:00', zone: 'Europe/Berlin' }, '2026-10-25T02:00:00Z', false],
    [
      'the same time twice is a whole day from then',
      { from: '06:00', until: '06:00', zone: 'UTC', days: ['mon'] },
      '2026-06-09T05:59:00Z',
      true,
    ],
    ['and no longer', { from: '06:00', until: '06:00', zone: 'UTC', days: ['mon'] }, '2026-06-09T06:00:00Z', false],
    ['midnight is 00, not 24', { from: '00:00', until: '00:30', zone: 'UTC' }, '2026-06-09T00:10:00Z', true],
  ];
  for (const [says, hours, instant, open] of cases) test(`${says}`, () => assert.equal(isOpen(hours, instant), open));

  test('a zone that is not known has no hours', () => assert.equal(openHours({ ...office, zone: 'Europe/Atlantis' }), undefined));
});

const time = fc
  .tuple(fc.nat(23), fc.nat(59))
  .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);
const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

test('in UTC they are what counting minutes says, and the key says it all', () => {
  const days = fc.option(fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }), { nil: undefined });
  fc.assert(
    fc.property(time, time, days, fc.integer({ min: 0, max: 4_000_000_000 }), (from, until, on, seconds) => {
      const hours: Hours = { from, until, zone: 'UTC', ...(on === undefined ? {} : { days: on }) };
      const length =
        (((Number(until.slice(0, 2)) - Number(from.slice(0, 2))) * 60 +
          Number(until.slice(3)) -
          Number(from.slice(3)) +
          1440 -
          1) %
          1440) +
        1;
      const starts = [0, 1]
        .map((back) => Math.floor(seconds / 86_400) - back)
        .filter((day) => on === undefined || on.includes(names[(day + 4) % 7]!));
      const begin = Number(from.slice(0, 2)) * 60 + Number(from.slice(3));
      const expected = starts.some((day) => {
        const minute = Math.floor(seconds / 60) - (day * 1440 + begin);
        return minute >= 0 && minute < length;
      });
      assert.equal(openHours(hours)?.isOpen(seconds * 1000), expected);
      assert.equal(readHoursKey(hoursKey(hours))?.isOpen(seconds * 1000), expected);
    }),
    { numRuns: 300 },
  );
});

test('a key is read in its own spelling only', () => {
  assert.equal(readHoursKey('08:00-18:00 Europe/Berlin mon,fri')?.key, '08:00-18:00 Europe/Berlin mon,fri');
  for (const key of [
    '8:00-18:00 UTC',
    '08:00-24:00 UTC',
    '08:00-18:00',
    '08:00-18:00 UTC mo',
    '08:00-18:00 UTC mon tue',
    '08:00-18:00 Nowhere/Land',
    '',
  ]) {
    assert.equal(readHoursKey(key), undefined, key);
  }
});
