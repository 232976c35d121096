delete from alerts where kind in ('offer_damaged', 'not_shown', 'needs_person');
alter table alerts drop constraint alerts_kind_check,
  add constraint alerts_kind_check check (kind in ('session_lost', 'store_stopped', 'breaker', 'mismatch',
    'floor_reached', 'first_place_lost', 'offer_removed', 'worker_lost'));
delete from price_pushes where origin = 'restore';
alter table price_pushes drop constraint price_pushes_restore_check,
  drop constraint price_pushes_origin_check,
  add constraint price_pushes_origin_check check (origin in ('robot', 'person', 'put_back'));
drop table public_looks;
