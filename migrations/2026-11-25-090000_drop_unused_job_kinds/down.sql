set local lock_timeout = '3s';

alter table job_runs drop constraint job_runs_kind_check;
alter table job_runs add constraint job_runs_kind_check
  check (kind in ('connect_store', 'sync_store', 'reprice_store', 'push_prices'));
