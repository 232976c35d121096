set local lock_timeout = '3s';

-- The same text as before. A function in SQL is planned at each call, which took most of the time of the last gate; one
-- in PL/pgSQL is planned once for a connection.
create or replace function decision_fingerprint(product uuid) returns text
  language plpgsql stable set search_path = public, pg_temp as $$
begin
  return (
    select md5(concat_ws('|', s.main_city_id, s.repricing_mode,
      coalesce(p.floor_tenge, 0), coalesce(p.ceiling_tenge, 0), coalesce(p.strategy, ''),
      (select string_agg(concat(t.id, ':', t.version), ',' order by t.id) from pricing_terms t
         where t.store_id = p.store_id and (t.product_id = p.id or t.category = p.category
           or (t.product_id is null and t.category is null))),
      (select string_agg(concat(r.id, ':', r.version, ':', r.enabled, ':', r.position), ',' order by r.id) from rules r
         where r.store_id = p.store_id and (r.scope = 'store' or r.category = p.category or r.product_id = p.id
           or (r.scope = 'selection'
             and exists (select from rule_products c where c.rule_id = r.id and c.product_id = p.id)))),
      (select concat(count(*), ':', sum(version)) from tariffs),
      (select updated_at from settings where key = 'safety_limits'),
      (select count(*) from kill_switches k where k.store_id is null
         or (k.store_id = s.id and (k.product_id is null or k.product_id = p.id)))))
    from products p join stores s on s.id = p.store_id where p.id = product);
end
$$;
