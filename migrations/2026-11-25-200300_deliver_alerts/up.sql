-- Where alerts are delivered to, besides the panel. They belong to the installation.
set local lock_timeout = '3s';

create table alert_channels (
  id uuid primary key,
  channel text not null unique check (channel in ('telegram', 'email', 'webhook')),
  enabled boolean not null default false,
  language text not null default 'ru' check (language in ('ru', 'kk', 'en')),
  -- Addresses and names, e.g. {"chat_id": "-100200300"}; no secrets.
  settings jsonb not null default '{}',
  -- Bot token, password or key of the signature, sealed by `secrets::Vault`; bound to this row.
  secret_sealed bytea,
  secret_set_at timestamptz,
  -- Words of the kinds that are delivered.
  kinds jsonb not null default '[]',
  version integer not null default 1,
  updated_at timestamptz not null
);

alter table job_runs drop constraint job_runs_kind_check,
  add constraint job_runs_kind_check check (kind in ('connect_store', 'sync_store', 'send_alert'));

grant select, insert, update, delete on alert_channels to kaspi_panel_runtime;
