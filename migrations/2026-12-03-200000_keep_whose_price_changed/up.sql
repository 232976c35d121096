-- A product may move to another store of its owner: what it cost in the old one is no price of the new one.
set local lock_timeout = '3s';

-- The store that sold the product then. Null: changes of before, and those of a product that was deleted.
alter table price_changes add column store_id uuid;

create or replace function keep_price_change() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if tg_op = 'DELETE' then
    insert into price_changes (id, product_id, city_id, at, before_tenge, store_id)
    values (gen_random_uuid(), old.product_id, old.city_id, now(), old.price_tenge,
      (select p.store_id from products p where p.id = old.product_id));
    return null;
  end if;
  insert into price_changes (id, product_id, city_id, at, before_tenge, price_tenge, push_id, store_id)
  values (gen_random_uuid(), new.product_id, new.city_id, new.read_at,
    case when tg_op = 'UPDATE' then old.price_tenge end, new.price_tenge,
    case when tg_op = 'UPDATE' then (
      select u.id from price_pushes u join price_push_cities c on c.push_id = u.id and c.city_id = new.city_id
      where u.product_id = new.product_id and u.state in ('sent', 'accepted', 'unknown')
        and c.price_tenge = new.price_tenge limit 1) end,
    (select p.store_id from products p where p.id = new.product_id));
  return null;
end $$;
