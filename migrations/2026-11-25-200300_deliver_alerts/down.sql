set local lock_timeout = '3s';

delete from job_runs where kind = 'send_alert';
alter table job_runs drop constraint job_runs_kind_check,
  add constraint job_runs_kind_check check (kind in ('connect_store', 'sync_store'));
drop table alert_channels;
