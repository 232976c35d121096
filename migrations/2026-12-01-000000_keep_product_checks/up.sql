set local lock_timeout = '3s';

-- When a product is decided about next, and who is at it: what changes with each decision, apart from the product
-- itself, whose row is ten times as wide and stands in a dozen indexes.
create table product_checks (
  product_id uuid primary key references products (id) on delete cascade,
  -- As in the product.
  store_id uuid not null,
  -- The robot may change its price, as far as the product itself tells.
  repriced boolean not null,
  next_check_at timestamptz not null,
  -- A worker that decides about the product holds it until then.
  claimed_until timestamptz,
  last_check_at timestamptz,
  -- Snapshots in a row in which nobody else sold the card.
  alone_streak integer not null default 0 check (alone_streak >= 0)
) with (fillfactor = 70);

insert into product_checks (product_id, store_id, repriced, next_check_at, claimed_until, last_check_at, alone_streak)
select id, store_id, repricing_enabled and on_sale and archived_at is null and card_id is not null and sku is not null,
  next_check_at, claimed_until, last_check_at, alone_streak
from products;

-- A claim goes through the products of each store that is on, in the order of their time.
create index product_checks_due_idx on product_checks (store_id, next_check_at) where repriced;

drop index products_due_idx;
alter table products
  drop column alone_streak,
  drop column last_check_at,
  drop column next_check_at,
  drop column claimed_until;

-- Every product has its row, due since it was made, whichever statement makes or changes the product.
create function keep_product_check() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  insert into product_checks (product_id, store_id, repriced, next_check_at)
  values (new.id, new.store_id, new.repricing_enabled and new.on_sale and new.archived_at is null
    and new.card_id is not null and new.sku is not null, new.created_at)
  on conflict (product_id) do update set store_id = excluded.store_id, repriced = excluded.repriced;
  return null;
end $$;
create trigger product_checks_insert after insert on products
  for each row execute function keep_product_check();
create trigger product_checks_update after update on products
  for each row when (
    (old.store_id, old.repricing_enabled, old.on_sale, old.archived_at is null, old.card_id is null, old.sku is null)
    is distinct from
    (new.store_id, new.repricing_enabled, new.on_sale, new.archived_at is null, new.card_id is null, new.sku is null))
  execute function keep_product_check();

grant select, insert, update, delete on product_checks to kaspi_panel_runtime;
