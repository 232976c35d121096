-- The XML price list that the marketplace fetches by itself: one secret address per store, and who fetched it.
set local lock_timeout = '3s';

create table price_feeds (
  store_id uuid primary key references stores (id) on delete cascade,
  -- How prices reach the marketplace. Without a row: by the cabinet alone.
  publishing text not null default 'cabinet'
    check (publishing in ('cabinet', 'feed', 'both_cabinet_leads', 'both_feed_leads')),
  -- SHA-256 of the secret in the address, which is random and told once.
  address_hash bytea unique check (octet_length(address_hash) = 32),
  address_set_at timestamptz,
  -- Basic authentication, where it is wanted: a name, and SHA-256 of a random password that is told once.
  username text,
  password_hash bytea check (octet_length(password_hash) = 32),
  password_set_at timestamptz,
  -- The last complete list: SHA-256 of what it says without its date, since when it says so, and how many offers.
  content_hash bytea check (octet_length(content_hash) = 32),
  modified_at timestamptz,
  offers integer check (offers > 0),
  version integer not null default 1,
  updated_at timestamptz not null,
  check ((username is null) = (password_hash is null)),
  check ((content_hash is null) = (modified_at is null) and (content_hash is null) = (offers is null))
);

create table feed_fetches (
  id uuid primary key,
  store_id uuid not null references stores (id) on delete cascade,
  at timestamptz not null,
  address text not null,
  agent text not null,
  status integer not null,
  -- Code of the refusal, for which there is a text.
  detail text,
  bytes integer not null default 0
);
create index feed_fetches_store_id_idx on feed_fetches (store_id, at desc);
create index feed_fetches_at_idx on feed_fetches (at);

alter table alerts drop constraint alerts_kind_check,
  add constraint alerts_kind_check check (kind in ('session_lost', 'store_stopped', 'breaker', 'mismatch',
    'floor_reached', 'first_place_lost', 'offer_removed', 'worker_lost', 'offer_damaged', 'not_shown',
    'needs_person', 'feed_refused'));

grant select, insert, update, delete on price_feeds to kaspi_panel_runtime;
grant select, insert, delete on feed_fetches to kaspi_panel_runtime;
