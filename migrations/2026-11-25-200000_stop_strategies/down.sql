set local lock_timeout = '3s';

grant delete on kill_switches to kaspi_panel_runtime;
drop index kill_switches_released_idx;
-- A narrower stop is not known to the program of before: it stops everything until somebody looks.
update kill_switches set scope = 'all', strategy = null where scope = 'strategy' and released_at is null;
delete from kill_switches where scope = 'strategy';
alter table kill_switches
  drop constraint kill_switches_one_strategy_check,
  drop constraint kill_switches_store_check,
  drop constraint kill_switches_scope_check,
  drop column release_reason,
  drop column strategy,
  add constraint kill_switches_scope_check check (scope in ('all', 'store', 'product')),
  add constraint kill_switches_check check ((scope = 'all') = (store_id is null));
