set local lock_timeout = '3s';

drop index price_pushes_confirmed_idx;
drop index products_due_idx;
create index products_due_idx on products (next_check_at)
  where repricing_enabled and on_sale and archived_at is null;
