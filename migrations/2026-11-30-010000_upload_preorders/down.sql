set local lock_timeout = '3s';
drop table preorder_upload_lines, preorder_uploads;
delete from job_runs where kind = 'upload_preorders';
alter table job_runs drop constraint job_runs_kind_check,
  add constraint job_runs_kind_check check (kind in ('connect_store', 'sync_store', 'send_alert'));
