-- A stop may cover every product whose price a strategy found; who let go says why; a stop is never deleted, only
-- released.
set local lock_timeout = '3s';

alter table kill_switches
  add column strategy text check (strategy ~ '^[a-z_]{1,50}$'),
  add column release_reason text check (release_reason <> '' and length(release_reason) <= 500),
  drop constraint kill_switches_scope_check,
  drop constraint kill_switches_check,
  add constraint kill_switches_scope_check check (scope in ('all', 'store', 'strategy', 'product')),
  add constraint kill_switches_store_check check ((scope in ('all', 'strategy')) = (store_id is null)),
  add constraint kill_switches_one_strategy_check check ((scope = 'strategy') = (strategy is not null));

-- The list of past stops, newest first.
create index kill_switches_released_idx on kill_switches (released_at desc) where released_at is not null;

revoke delete, truncate on kill_switches from kaspi_panel_runtime;
