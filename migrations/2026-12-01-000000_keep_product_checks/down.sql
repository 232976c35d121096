set local lock_timeout = '3s';

drop trigger product_checks_update on products;
drop trigger product_checks_insert on products;
drop function keep_product_check();
alter table products
  add column alone_streak integer not null default 0 check (alone_streak >= 0),
  add column last_check_at timestamptz,
  add column next_check_at timestamptz,
  add column claimed_until timestamptz;
update products p set alone_streak = c.alone_streak, last_check_at = c.last_check_at, next_check_at = c.next_check_at,
  claimed_until = c.claimed_until
from product_checks c where c.product_id = p.id;
alter table products alter column next_check_at set not null;
create index products_due_idx on products (store_id, next_check_at)
  where repricing_enabled and on_sale and archived_at is null;
drop table product_checks;
