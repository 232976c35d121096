set local lock_timeout = '3s';

delete from job_runs where kind = 'make_report';
alter table job_runs drop constraint job_runs_kind_check,
  add constraint job_runs_kind_check check (kind in ('connect_store', 'sync_store', 'send_alert', 'upload_preorders', 'tell_arrived', 'apply_import'));
drop index price_changes_at_idx;
drop table report_parts, reports;
