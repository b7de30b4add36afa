-- 0001 ledger: everything that happened, and the tree over it.
--
-- An entry is written in the transaction of the act it describes, without an index, and is never changed after that.
-- The sequencer gives the index later, in one place, so a gap left by a crashed transaction can never be taken for a
-- deletion. `body` is the exact text that is hashed; `sealed` holds the encrypted inputs of a decision, bound into the
-- body by their digest.

create table entry (
  id      text        primary key check (id ~ '^evt_'),
  at      timestamptz not null,
  type    text        not null,
  actor   text        not null,
  about   text        not null,
  task    text,
  body    text        not null,
  sealed  bytea
);

create index entry_about_idx on entry (about, id);
create index entry_actor_idx on entry (actor, id);
create index entry_call_idx on entry (id) where type in ('call.intended', 'call.denied', 'call.held');

-- Entries that have no index. Written with the entry and removed with the index, each time in one statement.
create table unsequenced (
  id  text primary key
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);

-- Which entry has which index.
create table sequenced (
  index  bigint primary key check (index >= 0),
  id     text   not null unique
);

-- C2SP tlog-tiles geometry: 256 hashes of 32 bytes a tile; the last tile of a level grows until it is full.
create table tile (
  level     smallint not null check (level >= 0),
  position  bigint   not null check (position >= 0),
  hashes    bytea    not null,
  primary key (level, position)
);

-- Hashes cannot be compressed: nothing is lost by not trying.
alter table tile alter column hashes set storage external;

-- One row: the head of the tree. The sequencer moves it only by compare-and-swap on `size` and `root`.
create table tree_head (
  origin    text        primary key,
  size      bigint      not null check (size >= 0),
  root      bytea       not null,
  frontier  bytea       not null,
  note      text        not null,
  at        timestamptz not null
);
