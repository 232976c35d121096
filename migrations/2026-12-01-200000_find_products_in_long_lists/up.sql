set local lock_timeout = '3s';

create extension if not exists pg_trgm;

-- What products are searched by: any part of a name, an offer id or an article, in any case of letters, Cyrillic too.
create index products_search_idx on products
  using gin ((name || E'\n' || kaspi_product_id || E'\n' || coalesce(sku, '')) gin_trgm_ops);

-- How many products a store has, and a number that grows with each change of what lists of products are filtered by:
-- a count of a search holds as long as the numbers of its stores do.
create table store_catalogues (
  store_id uuid primary key references stores (id) on delete cascade,
  products bigint not null default 0,
  version bigint not null default 1
) with (fillfactor = 50);
insert into store_catalogues (store_id, products) select store_id, count(*) from products group by store_id;

create function count_products() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    insert into store_catalogues as known (store_id, products)
    select store_id, count(*) from made group by store_id order by store_id
    on conflict (store_id) do update set products = known.products + excluded.products, version = known.version + 1;
  elsif tg_op = 'DELETE' then
    update store_catalogues known set products = known.products - less.products, version = known.version + 1
    from (select store_id, count(*) as products from gone group by store_id) less
    where known.store_id = less.store_id;
  else
    insert into store_catalogues as known (store_id, products)
    select store_id, sum(more) from (
      select moved.store_id, moved.more from made join gone on gone.id = made.id
      cross join lateral (values (gone.store_id, -1), (made.store_id, 1)) moved (store_id, more)
      where (made.store_id, made.name, made.kaspi_product_id, made.sku, made.category, made.repricing_enabled)
        is distinct from (gone.store_id, gone.name, gone.kaspi_product_id, gone.sku, gone.category, gone.repricing_enabled)
    ) changed group by store_id order by store_id
    on conflict (store_id) do update set products = known.products + excluded.products, version = known.version + 1;
  end if;
  return null;
end $$;
create trigger products_count_insert after insert on products
  referencing new table as made for each statement execute function count_products();
create trigger products_count_update after update on products
  referencing old table as gone new table as made for each statement execute function count_products();
create trigger products_count_delete after delete on products
  referencing old table as gone for each statement execute function count_products();

-- The price of each product in the main city of its store, without one where it is not known: what lists are sorted by.
create table listed_prices (
  product_id uuid primary key references products (id) on delete cascade,
  -- As in the product.
  store_id uuid not null,
  price_tenge bigint
);
insert into listed_prices (product_id, store_id, price_tenge)
select p.id, p.store_id, price.price_tenge
from products p join stores s on s.id = p.store_id
left join product_prices price on price.product_id = p.id and price.city_id = s.main_city_id;
create index listed_prices_price_idx on listed_prices (store_id, price_tenge, product_id);

create function keep_listed_price() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if tg_table_name = 'products' then
    insert into listed_prices as known (product_id, store_id, price_tenge)
    select new.id, new.store_id, (select price.price_tenge from product_prices price
      where price.product_id = new.id and price.city_id = s.main_city_id)
    from stores s where s.id = new.store_id
    on conflict (product_id) do update set store_id = excluded.store_id, price_tenge = excluded.price_tenge;
  elsif tg_table_name = 'stores' then
    update listed_prices known set price_tenge = (select price.price_tenge from product_prices price
      where price.product_id = known.product_id and price.city_id = new.main_city_id)
    where known.store_id = new.id;
  elsif tg_op = 'DELETE' then
    update listed_prices known set price_tenge = null from stores s
    where known.product_id = old.product_id and s.id = known.store_id and s.main_city_id = old.city_id;
  else
    update listed_prices known set price_tenge = new.price_tenge from stores s
    where known.product_id = new.product_id and s.id = known.store_id and s.main_city_id = new.city_id;
  end if;
  return null;
end $$;
create trigger listed_prices_product_insert after insert on products
  for each row execute function keep_listed_price();
create trigger listed_prices_product_update after update of store_id on products
  for each row when (old.store_id <> new.store_id) execute function keep_listed_price();
create trigger listed_prices_city after update of main_city_id on stores
  for each row when (old.main_city_id <> new.main_city_id) execute function keep_listed_price();
create trigger listed_prices_insert after insert on product_prices
  for each row execute function keep_listed_price();
create trigger listed_prices_update after update on product_prices
  for each row when (old.price_tenge <> new.price_tenge) execute function keep_listed_price();
create trigger listed_prices_delete after delete on product_prices
  for each row execute function keep_listed_price();

grant select, insert, update, delete on store_catalogues, listed_prices to kaspi_panel_runtime;
