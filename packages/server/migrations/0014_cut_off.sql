-- 0014 cut-off: the newest change that ended everything a principal was given. Written with that change, and kept when changes are pruned:
-- a task lives longer than they do, and one that was opened before must not come back when its principal does. It is compared by number,
-- because number order is commit order and clocks differ.
create table cut_off (
  key     text    primary key, -- id of a human, workload or agent
  number  bigint  not null
);

insert into cut_off (key, number)
select key, max(number) from change where what in ('cutoff', 'stopped') and key ~ '^(hum|wkl|agt)_' group by key;

-- Number of the newest change when the task was opened.
alter table task add column opened_after bigint not null default 0;

-- What came of a delegation token, to end it with the token.
create index task_offer_idx on task ((granted->>'offer')) where granted is not null;

update task set opened_after = coalesce((select max(number) from change where change.at <= task.created_at), 0);
