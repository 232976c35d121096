set local lock_timeout = '3s';
drop table preorder_orders, orders_accesses;
delete from job_runs where kind = 'tell_arrived';
alter table job_runs drop constraint job_runs_kind_check,
  add constraint job_runs_kind_check check (kind in ('connect_store', 'sync_store', 'send_alert', 'upload_preorders'));
