-- The first answer to an unsafe request of the API that carries a key: the same request gets it again for a day.
set local lock_timeout = '3s';

create table idempotency_keys (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  key text not null check (length(key) between 1 and 255),
  -- HMAC-SHA-256 of method, address and body.
  fingerprint bytea not null check (octet_length(fingerprint) = 32),
  -- The answer; empty while the request is being worked on.
  status integer check (status between 200 and 599),
  media_type text check (length(media_type) <= 255),
  body bytea,
  created_at timestamptz not null,
  finished_at timestamptz,
  check ((finished_at is null) = (status is null)),
  check ((body is null) = (status is null))
);
create unique index idempotency_keys_user_id_key_key on idempotency_keys (user_id, key);
create index idempotency_keys_created_idx on idempotency_keys (created_at);

grant select, insert, update, delete on idempotency_keys to kaspi_panel_runtime;
