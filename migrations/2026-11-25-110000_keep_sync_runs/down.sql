set local lock_timeout = '3s';
drop function enqueue_job_later;
drop table sync_changes;
drop table sync_pages;
alter table job_runs drop column retry_at;
