-- Files that people import: what was checked, what was written, what was brought back.
set local lock_timeout = '3s';

create table imports (
  id uuid primary key,
  store_id uuid not null references stores (id) on delete cascade,
  user_id uuid references users (id) on delete set null,
  -- Name at that time.
  user_name text not null,
  file_name text not null check (char_length(file_name) between 1 and 255),
  sha256 bytea not null check (octet_length(sha256) = 32),
  kind text not null check (kind in ('table', 'price_list')),
  state text not null default 'checked'
    check (state in ('checked', 'applying', 'applied', 'undoing', 'undone', 'failed')),
  -- Asked for the way back: tells what a failed one goes on with.
  undo boolean not null default false,
  -- Columns and what else was read besides rows: `domain::imports::FileLayout`.
  layout jsonb not null,
  rows_changed integer not null check (rows_changed >= 0),
  rows_unchanged integer not null check (rows_unchanged >= 0),
  rows_wrong integer not null check (rows_wrong >= 0),
  rows_applied integer not null default 0 check (rows_applied >= 0),
  rows_left integer not null default 0 check (rows_left >= 0),
  rows_undone integer not null default 0 check (rows_undone >= 0),
  rows_kept integer not null default 0 check (rows_kept >= 0),
  created_at timestamptz not null,
  applied_at timestamptz,
  undone_at timestamptz
);
create index imports_store_id_idx on imports (store_id, created_at desc);
create index imports_sha256_idx on imports (store_id, sha256);
create index imports_user_id_idx on imports (user_id);
grant select, insert, update, delete on imports to kaspi_panel_runtime;

-- Rows that change something or are wrong. Those that change nothing are only counted.
create table import_rows (
  import_id uuid not null references imports (id) on delete cascade,
  -- As people count rows in the file, from 1.
  row_number integer not null check (row_number > 0),
  product_id uuid references products (id) on delete set null,
  sku text not null,
  state text not null check (state in ('planned', 'wrong', 'applied', 'left', 'undone', 'kept')),
  -- By column: the value that the product had at the check, and the one that the file wants.
  before jsonb not null default '{}',
  after jsonb not null default '{}',
  -- `[{"column": "floor", "code": "import-trouble-fraction"}]`
  troubles jsonb not null default '[]',
  primary key (import_id, row_number)
);
create index import_rows_state_idx on import_rows (import_id, state, row_number);
create index import_rows_product_id_idx on import_rows (product_id);
grant select, insert, update, delete on import_rows to kaspi_panel_runtime;

alter table job_runs drop constraint job_runs_kind_check,
  add constraint job_runs_kind_check
    check (kind in ('connect_store', 'sync_store', 'send_alert', 'upload_preorders', 'tell_arrived', 'apply_import'));
