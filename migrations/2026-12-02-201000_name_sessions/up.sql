-- Sessions get a name by which their owner ends them; users a density and a switch for keys.
set local lock_timeout = '3s';

-- In the session's own state stands the same name, so that it knows itself. Sessions of before have none there.
alter table sessions add column id uuid not null default gen_random_uuid();
create unique index sessions_id_key on sessions (id);

alter table users
  add column density text not null default 'dense' check (density in ('dense', 'calm')),
  add column shortcuts boolean not null default true;
