-- 0015 approval requester: a yes is for the request it was asked in. The same call under a task that somebody else asked for is another
-- question. `requester` is who asked at the root of the task: a person, or the agent at the root that began by itself.
alter table approval add column requester text;

update approval set requester = coalesce(
  (select top.requester from task join task top on top.id = task.root where task.id = approval.task), approval.agent);

alter table approval alter column requester set not null;

-- What was asked before covers no requester, so no answer to it holds: it ends, and is asked anew.
update approval set expires_at = least(expires_at, now()) where state = 'pending';
update approval set valid_until = least(valid_until, now()) where state = 'approved';

drop index approval_open_idx;
create unique index approval_open_idx on approval (agent, call_digest, requester) where state in ('pending', 'approved');
create index approval_call_idx on approval (agent, call_digest, requester, id);
