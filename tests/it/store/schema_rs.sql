-- The text of `src/schema.rs` as the database's catalogue gives it.
with tables as (
  select c.oid, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
    and c.relname <> '__diesel_schema_migrations'
), columns as (
  select t.relname, string_agg(format(E'        %s -> %s,\n', a.attname,
    case when a.attnotnull then k.diesel else format('Nullable<%s>', k.diesel) end), '' order by a.attnum) as body
  from tables t
  join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
  join (values ('uuid','Uuid'),('text','Text'),('bool','Bool'),('int4','Integer'),('int8','BigInt'),
    ('bytea','Binary'),('jsonb','Jsonb'),('timestamptz','Timestamptz'),('date','Date')) k(pg, diesel)
    on k.pg = a.atttypid::regtype::name or k.pg = (select typname from pg_type where oid = a.atttypid)
  group by t.relname
), keys as (
  select t.relname, string_agg(a.attname, ', ' order by u.ord) as key
  from tables t join pg_constraint c on c.conrelid = t.oid and c.contype = 'p'
  cross join lateral unnest(c.conkey) with ordinality u(attnum, ord)
  join pg_attribute a on a.attrelid = t.oid and a.attnum = u.attnum
  group by t.relname
), joins as (
  select t.relname as child, p.relname as parent, min(a.attname::text) as col
  from tables t join pg_constraint c on c.conrelid = t.oid and c.contype = 'f'
  join pg_class p on p.oid = c.confrelid
  join pg_attribute a on a.attrelid = t.oid and a.attnum = c.conkey[1]
  where cardinality(c.conkey) = 1
  group by 1, 2 having count(*) = 1
)
select E'//! The tables as the database knows them. Generated from the catalogue by the test\n'
  || E'//! `store::schema::schema_rs_equals_the_catalogue`; do not edit by hand.\n\n'
  || (select string_agg(format(E'diesel::table! {\n    %s (%s) {\n%s    }\n}\n', relname, key, body), E'\n' order by relname)
      from columns join keys using (relname))
  || E'\n'
  || (select string_agg(format(E'diesel::joinable!(%s -> %s (%s));\n', child, parent, col), '' order by child, parent) from joins)
  || E'\ndiesel::allow_tables_to_appear_in_same_query!(\n'
  || (select string_agg(format(E'    %s,\n', relname), '' order by relname) from tables)
  || E');\n';
