-- A sync run keeps the pages it has read, so that whatever breaks it off it goes on at its page; and what it
-- changed, so that people can look at it. A run that waits for its next try says until when.

set local lock_timeout = '3s';

-- When a queued run is tried again; null: as soon as a worker is free.
alter table job_runs add column retry_at timestamptz;

-- The reading of a store's catalogue that is under way: one row per page. Emptied when a pass ends.
create table sync_pages (
  store_id uuid not null references stores (id) on delete cascade,
  on_sale boolean not null,
  page integer not null check (page >= 0),
  -- The run that read it: a later run of the same store may go on where that one stopped.
  run_id uuid not null references job_runs (id) on delete cascade,
  -- Rows of the whole list, as the marketplace counted them with this page.
  total integer not null check (total >= 0),
  -- Every sku of the page, those of rows that could not be read included.
  skus jsonb not null,
  read_at timestamptz not null,
  primary key (store_id, on_sale, page)
);
create index sync_pages_run_id_idx on sync_pages (run_id);

-- What a run did to products, the first of each kind; the run's summary has the full counts.
create table sync_changes (
  run_id uuid not null references job_runs (id) on delete cascade,
  kind text not null check (kind in ('added', 'changed', 'archived', 'restored', 'failed')),
  position integer not null check (position >= 0),
  -- Null: not even the number of a row could be read.
  sku text check (length(sku) <= 255),
  -- Code of why a row could not be read.
  reason text,
  primary key (run_id, kind, position)
);

-- As `enqueue_job`, not before some seconds have passed by the database's clock.
create function enqueue_job_later(identifier text, payload jsonb, queue text, key text, max_attempts integer,
    delay_seconds integer)
  returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform graphile_worker.add_job(identifier, payload::json, queue_name => queue,
    run_at => now() + make_interval(secs => delay_seconds), max_attempts => max_attempts, job_key => key);
end $$;
revoke all on function enqueue_job_later from public;
grant execute on function enqueue_job_later to kaspi_panel_runtime;

grant select, insert, update, delete on sync_pages to kaspi_panel_runtime;
grant select, insert on sync_changes to kaspi_panel_runtime;
