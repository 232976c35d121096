-- Outgoing proxies: ways that requests to the marketplace take, and how healthy they are. They belong to the
-- installation, not to a user.

create table proxies (
  id uuid primary key,
  -- panel: set up on the settings page. environment: named by KASPI_PROXIES; only its health is kept.
  origin text not null check (origin in ('panel', 'environment')),
  label text not null default '' check (length(label) <= 100),
  scheme text not null check (scheme in ('http', 'https', 'socks5')),
  host text not null check (host <> '' and length(host) <= 253),
  port integer not null check (port between 1 and 65535),
  -- User name and password, sealed by `secrets::Vault`; bound to this row by its associated data.
  credentials_sealed bytea,
  credentials_set_at timestamptz,
  enabled boolean not null default true,
  -- Sums of all workers.
  requests bigint not null default 0 check (requests >= 0),
  failures bigint not null default 0 check (failures >= 0),
  -- Code of the last failure; a text for each stands in the locales.
  last_error text,
  last_error_at timestamptz,
  cooling_until timestamptz,
  last_used_at timestamptz,
  -- Somebody wants to know whether it works; a worker that takes the question up empties this.
  check_requested_at timestamptz,
  checked_at timestamptz,
  -- Null after a check: it worked.
  check_error text,
  check_ms integer check (check_ms >= 0),
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check (origin = 'panel' or credentials_sealed is null)
);
create index proxies_check_requested_idx on proxies (check_requested_at) where check_requested_at is not null;

grant select, insert, update, delete on proxies to kaspi_panel_runtime;
