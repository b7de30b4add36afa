import assert from 'node:assert/strict';
import { verifyExport } from '@surety/transparency/verify-log';
import { afterAll, test } from 'vitest';
import { checkLog } from './check-log.ts';
import { openLogHouse } from './testing/log-house.ts';

/** What a database administrator can do to a log of 600 entries, and the first entry that is not what it was. */
const deeds: readonly [says: string, sql: string, first: number][] = [
  ['changes an entry', `update entry set body = body || ' ' where id = (select id from sequenced where index = 300)`, 300],
  [
    'changes who acted',
    `update entry set body = replace(body, '"hum_x"', '"hum_y"') where id = (select id from sequenced where index = 0)`,
    0,
  ],
  ['deletes an entry', `delete from entry where id = (select id from sequenced where index = 412)`, 412],
  ['deletes an index', `delete from sequenced where index = 17`, 17],
  ['deletes the last entries', `delete from entry where id in (select id from sequenced where index >= 590)`, 590],
  [
    'swaps two entries',
    `update entry set body = (select max(body) from entry other where other.id in (select id from sequenced where index in (100, 200)) and other.id <> entry.id)
     where id in (select id from sequenced where index in (100, 200))`,
    100,
  ],
  [
    'gives two indexes to each other',
    `update sequenced set index = case index when 255 then -256 else -255 end * -1 where index in (255, 256)`,
    255,
  ],
  [
    'puts one entry twice',
    `update entry set body = (select body from entry one join sequenced s on s.id = one.id where s.index = 9) where id = (select id from sequenced where index = 10)`,
    10,
  ],
  ['removes everything', `truncate entry, sequenced`, 0],
];

const houses: Awaited<ReturnType<typeof openLogHouse>>[] = [];
afterAll(async () => {
  await Promise.all(houses.map((house) => house.close()));
});

async function aLog() {
  const house = await openLogHouse();
  houses.push(house);
  await house.begin();
  await house.grow(600);
  return house;
}

for (const [says, sql, first] of deeds) {
  test(`when an administrator of the database ${says}, the export names the first bad entry`, async () => {
    const house = await aLog();
    const kept = await house.keep();
    const all = sql.includes('case index') ? ['alter table sequenced drop constraint sequenced_pkey', sql] : [sql];
    for (const one of all) await house.db.query(one);
    for (const material of [kept, undefined]) {
      const result = await verifyExport(await house.lines(), { vkey: house.signer.vkey, kept: material });
      assert.ok(!result.ok);
      assert.deepEqual([result.first, result.last], [first, first], `${result.reason}: ${result.says}`);
      assert.equal((await checkLog(house.db, house.signer.vkey, material)).ok, false);
    }
  });
}

test('whoever changes an entry and its leaf hash in the tile is found, and narrowed down by the tiles above', async () => {
  const house = await aLog();
  const kept = await house.keep();
  await house.db.query(`update entry set body = 'forged' where id = (select id from sequenced where index = 300)`);
  await house.db.query(
    `update tile set hashes = overlay(hashes placing sha256('\\x00'::bytea || 'forged'::bytea) from 44 * 32 + 1 for 32) where level = 0 and position = 1`,
  );
  const alone = await checkLog(house.db, house.signer.vkey);
  assert.ok(!alone.ok);
  assert.deepEqual([alone.first, alone.last], [256, 511]);
  const withLeaves = await checkLog(house.db, house.signer.vkey, kept);
  assert.ok(!withLeaves.ok);
  assert.deepEqual([withLeaves.first, withLeaves.last], [300, 300]);
});

test('whoever also holds the key and signs the whole log anew is found by whoever kept a checkpoint', async () => {
  const house = await aLog();
  const kept = await house.keep();
  await house.db.query(
    `update entry set body = replace(body, '"hum_x"', '"hum_z"') where id = (select id from sequenced where index = 77)`,
  );
  await house.db.query('truncate tile');
  await house.db.query('truncate tree_head');
  await house.db.query('insert into unsequenced select id from sequenced');
  await house.db.query('truncate sequenced');
  await house.begin();
  await house.grow(0);
  assert.equal(await house.check(), 600, 'in itself the forged log is whole');
  const located = await verifyExport(await house.lines(), { vkey: house.signer.vkey, kept });
  assert.ok(!located.ok);
  assert.deepEqual([located.reason, located.first, located.last], ['entry.differs', 77, 77]);
  const found = await verifyExport(await house.lines(), { vkey: house.signer.vkey, kept: { note: kept.note } });
  assert.ok(!found.ok);
  assert.equal(found.reason, 'log.split');
});

test('a checkpoint that was kept is still a beginning of the log after it has grown', async () => {
  const house = await aLog();
  const kept = await house.keep();
  await house.grow(500);
  const result = await verifyExport(await house.lines(), { vkey: house.signer.vkey, kept });
  assert.ok(result.ok);
  assert.deepEqual([result.kept, result.size], [600, 1100]);
});
