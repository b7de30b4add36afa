-- 0025 task depth: a chain may have ten hops at most, where eight were the most. How many it has by default is the mandate's.

alter table task drop constraint task_depth_check;
alter table task add constraint task_depth_check check (depth between 0 and 10);
