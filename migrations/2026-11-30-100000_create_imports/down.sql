set local lock_timeout = '3s';

delete from job_runs where kind = 'apply_import';
alter table job_runs drop constraint job_runs_kind_check,
  add constraint job_runs_kind_check check (kind in ('connect_store', 'sync_store', 'send_alert', 'upload_preorders', 'tell_arrived'));
drop table import_rows;
drop table imports;
