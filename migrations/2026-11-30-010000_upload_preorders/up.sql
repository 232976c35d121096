set local lock_timeout = '3s';

alter table job_runs drop constraint job_runs_kind_check,
  add constraint job_runs_kind_check check (kind in ('connect_store', 'sync_store', 'send_alert', 'upload_preorders'));

-- Preorders of a store as a file for the marketplace, and what became of it.
create table preorder_uploads (
  id uuid primary key,
  store_id uuid not null references stores (id) on delete cascade,
  run_id uuid not null references job_runs (id) on delete cascade,
  requested_by uuid references users (id) on delete set null,
  state text not null default 'waiting' check (state in
    ('waiting', 'sending', 'processing', 'applied', 'applied_partly', 'failed', 'unknown', 'cancelled')),
  format text not null check (format in ('xlsx', 'xml')),
  file_name text not null check (length(file_name) <= 100),
  file bytea not null check (octet_length(file) <= 10485760),
  lines integer not null check (lines > 0),
  -- The shop's newest file before this one was sent: a newer one afterwards is this one.
  previous_file_id text check (length(previous_file_id) <= 255),
  -- The marketplace's key of the file, and its own word for where it stands.
  file_id text check (length(file_id) <= 255),
  word text check (length(word) <= 100),
  -- Code of the cause, and what the marketplace said.
  failure text check (length(failure) <= 100),
  detail text check (length(detail) <= 500),
  sends integer not null default 0,
  created_at timestamptz not null,
  sent_at timestamptz,
  finished_at timestamptz,
  check ((state in ('waiting', 'sending', 'processing')) = (finished_at is null)),
  check (state <> 'processing' or file_id is not null)
);
-- The marketplace takes one file of a shop at a time.
create unique index preorder_uploads_open_key on preorder_uploads (store_id)
  where state in ('waiting', 'sending', 'processing');
create index preorder_uploads_store_idx on preorder_uploads (store_id, created_at desc);
create index preorder_uploads_run_id_idx on preorder_uploads (run_id);
create index preorder_uploads_requested_by_idx on preorder_uploads (requested_by);

-- What the file says of each preorder, what the marketplace said of it, and when buyers saw it.
create table preorder_upload_lines (
  upload_id uuid not null references preorder_uploads (id) on delete cascade,
  -- Row of the sheet, the header being 1; number of the offer in the XML form.
  line integer not null check (line > 0),
  preorder_id uuid references preorders (id) on delete set null,
  product_id uuid references products (id) on delete set null,
  sku text not null check (length(sku) <= 255),
  name text not null check (length(name) <= 500),
  price_tenge bigint not null check (price_tenge > 0),
  delivery_days integer not null check (delivery_days between 0 and 30),
  problem text check (length(problem) <= 300),
  next_look_at timestamptz,
  seen_at timestamptz,
  primary key (upload_id, line)
);
create index preorder_upload_lines_preorder_id_idx on preorder_upload_lines (preorder_id);
create index preorder_upload_lines_product_id_idx on preorder_upload_lines (product_id);
create index preorder_upload_lines_look_idx on preorder_upload_lines (next_look_at) where next_look_at is not null;

grant select, insert, update, delete on preorder_uploads, preorder_upload_lines to kaspi_panel_runtime;
