set local lock_timeout = '3s';

-- What was decided about a store's products in the present cycle of checks, over all workers.
create table store_cycles (
  store_id uuid primary key references stores (id) on delete cascade,
  started_at timestamptz not null,
  decided bigint not null default 0,
  changes bigint not null default 0,
  big_drops bigint not null default 0,
  impossible bigint not null default 0,
  -- A person has looked at the moves and wants them: big drops stop nothing before this time.
  accepted_until timestamptz
);
grant select, insert, update, delete on store_cycles to kaspi_panel_runtime;

-- Everything that people can change and that a decision about a product rests on, as one short text. A push whose
-- text is another one at the moment of the write was decided under other rules.
create function decision_fingerprint(product uuid) returns text
  language sql stable set search_path = public, pg_temp as $$
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
  from products p join stores s on s.id = p.store_id where p.id = product
$$;

alter table price_pushes add column fingerprint text;
