-- Reports that people ask for: made by whichever worker is free, kept for a week, sent by whichever web process is
-- asked.
set local lock_timeout = '3s';

create table reports (
  id uuid primary key,
  -- Theirs alone.
  user_id uuid not null references users (id) on delete cascade,
  -- None: all stores that the owner sees.
  store_id uuid references stores (id) on delete cascade,
  run_id uuid references job_runs (id) on delete set null,
  kind text not null check (kind in ('products', 'price_changes', 'preorders', 'competitors')),
  -- What was asked for: filters and period.
  parameters jsonb not null default '{}',
  name text not null check (name ~ '^[a-z0-9_-]+\.xlsx$'),
  state text not null default 'queued' check (state in ('queued', 'running', 'ready', 'failed', 'cancelled')),
  -- Code of the failure; a text for each stands in the locales.
  failure text,
  -- Number of the try that writes; what an earlier one still writes does not count.
  attempt integer not null default 0,
  rows_done integer not null default 0 check (rows_done >= 0),
  rows_total integer check (rows_total >= 0),
  bytes bigint not null default 0 check (bytes >= 0),
  created_at timestamptz not null,
  finished_at timestamptz,
  expires_at timestamptz not null
);
create index reports_user_id_idx on reports (user_id, created_at desc);
create index reports_store_id_idx on reports (store_id);
create index reports_run_id_idx on reports (run_id);
create index reports_expires_at_idx on reports (expires_at);

-- The file in pieces, so that no process holds it whole.
create table report_parts (
  report_id uuid not null references reports (id) on delete cascade,
  attempt integer not null,
  position integer not null check (position >= 0),
  content bytea not null check (octet_length(content) between 1 and 1048576),
  primary key (report_id, attempt, position)
);
-- It is compressed already.
alter table report_parts alter column content set storage external;

-- Changes of prices are read by time, a piece at a time.
create index price_changes_at_idx on price_changes (at desc, id desc);

alter table job_runs drop constraint job_runs_kind_check,
  add constraint job_runs_kind_check
    check (kind in ('connect_store', 'sync_store', 'send_alert', 'upload_preorders', 'tell_arrived', 'apply_import', 'make_report'));

grant select, insert, update, delete on reports to kaspi_panel_runtime;
grant select, insert, delete on report_parts to kaspi_panel_runtime;
