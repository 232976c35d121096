-- What grows with time stands in partitions, one a month, so that what was kept long enough goes with the drop of a
-- table: every change of a price as it was read, and the offers of others that are no more.
set local lock_timeout = '3s';

-- Every change of a product's price in a city, whoever made it. The table outlives what it speaks of until it is
-- old enough: no foreign keys.
create table price_changes (
  id uuid not null,
  product_id uuid not null,
  city_id text not null,
  -- When it was read.
  at timestamptz not null,
  -- Null: not known before, or on sale there no more.
  before_tenge bigint check (before_tenge > 0),
  price_tenge bigint check (price_tenge > 0),
  -- Our own write behind it. None: somebody else changed it, or the first reading told it.
  push_id uuid,
  primary key (id, at)
) partition by range (at);
create index price_changes_product_idx on price_changes (product_id, city_id, at desc);

-- Offers that look otherwise by now, or are gone; those seen last stand in market_offers.
create table past_market_offers (
  id uuid not null,
  card_id text not null,
  city_id text not null,
  merchant_id text not null check (length(merchant_id) <= 255),
  merchant_name text not null,
  price_tenge bigint not null,
  rating_centi integer check (rating_centi between 0 and 1000),
  reviews integer not null,
  preorder_days integer not null,
  delivery text,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  gone_at timestamptz not null,
  primary key (id, gone_at)
) partition by range (gone_at);
create index past_market_offers_card_idx on past_market_offers (card_id, city_id, first_seen_at desc);

-- Nothing is lost where a month has no partition yet.
create table price_changes_rest partition of price_changes default;
create table past_market_offers_rest partition of past_market_offers default;

-- The run-time role changes no tables. These two functions let it do exactly this: make the partition of a month,
-- and drop those that ended long ago, of these two tables alone.
create function make_month(parent text, month date)
  returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  starts date := date_trunc('month', month)::date;
  ends date := (date_trunc('month', month) + interval '1 month')::date;
  part text := format('%s_%s', parent, to_char(starts, 'YYYY_MM'));
  clock text := case parent when 'price_changes' then 'at' when 'past_market_offers' then 'gone_at' end;
begin
  if clock is null or abs(starts - current_date) > 3700 then
    raise exception 'no table in months: %, %', parent, month;
  end if;
  -- One at a time; others find it made.
  perform pg_advisory_xact_lock(hashtext('make_month'));
  if to_regclass(format('public.%I', part)) is not null then
    return;
  end if;
  execute format('create table public.%I (like public.%I including all)', part, parent);
  execute format('with moved as (delete from public.%I where %I >= %L and %I < %L returning *)
    insert into public.%I select * from moved', parent || '_rest', clock, starts::timestamp at time zone 'UTC',
    clock, ends::timestamp at time zone 'UTC', part);
  execute format('alter table public.%I attach partition public.%I for values from (%L) to (%L)', parent, part,
    starts::timestamp at time zone 'UTC', ends::timestamp at time zone 'UTC');
end $$;

create function drop_months(parent text, before date)
  returns integer language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  part record;
  dropped integer := 0;
  clock text := case parent when 'price_changes' then 'at' when 'past_market_offers' then 'gone_at' end;
begin
  -- The last days stay, whoever asks.
  if clock is null or before > current_date - 7 then
    raise exception 'not to be dropped: %, %', parent, before;
  end if;
  for part in
    select child.oid::regclass as name, child.relname from pg_inherits
    join pg_class child on child.oid = inhrelid
    where inhparent = format('public.%I', parent)::regclass and child.relname ~ ('^' || parent || '_\d{4}_\d{2}$')
      and to_date(right(child.relname, 7), 'YYYY_MM') + interval '1 month' <= before
  loop
    execute format('drop table %s', part.name);
    dropped := dropped + 1;
  end loop;
  execute format('delete from public.%I where %I < %L', parent || '_rest', clock,
    before::timestamp at time zone 'UTC');
  return dropped;
end $$;

revoke all on function make_month, drop_months from public;
grant execute on function make_month, drop_months to kaspi_panel_runtime;

select make_month(parent, (current_date + ahead * interval '1 month')::date)
from unnest(array['price_changes', 'past_market_offers']) as parent, generate_series(-2, 2) as ahead;

insert into past_market_offers (id, card_id, city_id, merchant_id, merchant_name, price_tenge, rating_centi, reviews,
  preorder_days, delivery, first_seen_at, last_seen_at, gone_at)
select id, card_id, city_id, merchant_id, merchant_name, price_tenge, rating_centi, reviews, preorder_days, delivery,
  first_seen_at, last_seen_at, gone_at
from market_offers where gone_at is not null;
delete from market_offers where gone_at is not null;

-- What is known of the past: our own confirmed writes, and the price of now since it was read.
insert into price_changes (id, product_id, city_id, at, before_tenge, price_tenge, push_id)
select gen_random_uuid(), u.product_id, c.city_id, u.finished_at, c.before_tenge, c.price_tenge, u.id
from price_pushes u join price_push_cities c on c.push_id = u.id
where u.state = 'confirmed' and u.finished_at is not null and c.before_tenge <> c.price_tenge;
insert into price_changes (id, product_id, city_id, at, price_tenge)
select gen_random_uuid(), p.product_id, p.city_id, coalesce(p.changed_at, p.read_at), p.price_tenge
from product_prices p
where p.price_tenge is distinct from (select c.price_tenge from price_changes c
  where c.product_id = p.product_id and c.city_id = p.city_id order by c.at desc limit 1);

-- Kept in the transaction of the change, by whichever statement makes it. Ours is a change to a price that one of
-- our writes under way asked for.
create function keep_price_change() returns trigger language plpgsql set search_path = public, pg_temp as $$
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
create trigger price_changes_insert after insert on product_prices
  for each row execute function keep_price_change();
create trigger price_changes_update after update on product_prices
  for each row when (old.price_tenge is distinct from new.price_tenge) execute function keep_price_change();
create trigger price_changes_delete after delete on product_prices
  for each row execute function keep_price_change();

-- Earlier prices that a person puts back: what was asked for, and the writes that were planned for it.
create table put_backs (
  id uuid primary key,
  store_id uuid not null references stores (id) on delete cascade,
  -- The moment whose prices are wanted.
  wanted_at timestamptz not null,
  requested_by text not null,
  planned integer not null check (planned >= 0),
  refused integer not null check (refused >= 0),
  created_at timestamptz not null
);
create index put_backs_store_id_idx on put_backs (store_id, created_at desc);
alter table price_pushes add column put_back_id uuid references put_backs (id) on delete set null;
create index price_pushes_put_back_id_idx on price_pushes (put_back_id) where put_back_id is not null;

-- No row has ever been of the origin 'undo'.
alter table price_pushes drop constraint price_pushes_origin_check,
  add constraint price_pushes_origin_check check (origin in ('robot', 'person', 'put_back'));

grant select, insert on price_changes, past_market_offers, put_backs to kaspi_panel_runtime;
