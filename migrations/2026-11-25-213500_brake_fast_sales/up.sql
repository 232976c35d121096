-- How fast a product sells, as far as its stock tells: each fall of a stock that was read, by whatever statement.
set local lock_timeout = '3s';

create table stock_falls (
  id uuid primary key,
  product_id uuid not null references products (id) on delete cascade,
  -- When the lower stock was read.
  at timestamptz not null,
  units integer not null check (units > 0)
);
create index stock_falls_product_id_idx on stock_falls (product_id, at);
create index stock_falls_at_idx on stock_falls (at);
grant select, insert, delete on stock_falls to kaspi_panel_runtime;

create function keep_stock_fall() returns trigger language plpgsql as $$
begin
  insert into stock_falls (id, product_id, at, units)
  values (gen_random_uuid(), new.id, coalesce(new.availabilities_read_at, new.updated_at), old.stock - new.stock);
  return null;
end $$;
create trigger products_stock_fall after update of stock on products
  for each row when (new.stock < old.stock) execute function keep_stock_fall();
