create or replace function keep_price_change() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if tg_op = 'DELETE' then
    insert into price_changes (id, product_id, city_id, at, before_tenge)
    values (gen_random_uuid(), old.product_id, old.city_id, now(), old.price_tenge);
    return null;
  end if;
  insert into price_changes (id, product_id, city_id, at, before_tenge, price_tenge, push_id)
  values (gen_random_uuid(), new.product_id, new.city_id, new.read_at,
    case when tg_op = 'UPDATE' then old.price_tenge end, new.price_tenge,
    case when tg_op = 'UPDATE' then (
      select u.id from price_pushes u join price_push_cities c on c.push_id = u.id and c.city_id = new.city_id
      where u.product_id = new.product_id and u.state in ('sent', 'accepted', 'unknown')
        and c.price_tenge = new.price_tenge limit 1) end);
  return null;
end $$;
alter table price_changes drop column store_id;
