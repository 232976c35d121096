-- Who works: each worker process says so every few seconds, and takes its row away when it ends in order. A row that is
-- silent tells of a process that was killed, or of a machine that is gone.
set local lock_timeout = '3s';

create table workers (
  id uuid primary key,
  host text not null check (length(host) <= 255),
  pid integer not null check (pid > 0),
  build_id text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null
);

grant select, insert, update, delete on workers to kaspi_panel_runtime;
