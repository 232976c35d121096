-- Each sharing of a store has a key and a version of its own: the administration area shows and changes it as one thing.
set local lock_timeout = '3s';

alter table store_access add column id uuid not null default gen_random_uuid(),
  add column version integer not null default 1;
create unique index store_access_id_key on store_access (id);
