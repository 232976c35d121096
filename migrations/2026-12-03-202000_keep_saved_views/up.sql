-- The list of products as each user wants it: the columns that he chose, and addresses of the list under names.
set local lock_timeout = '3s';

create table product_columns (
  user_id uuid primary key references users (id) on delete cascade,
  -- Words of the columns with commas, `none` for none; the ones that always stand there are not among them.
  words text not null check (char_length(words) between 1 and 200),
  updated_at timestamptz not null
);

create table saved_views (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 60),
  -- The name in small letters, whatever the database's own letters are.
  name_folded text not null,
  -- The query string of the list: filter, order and columns.
  query text not null check (char_length(query) <= 2000),
  -- Shown where the list is opened without anything.
  is_default boolean not null default false,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index saved_views_user_id_name_key on saved_views (user_id, name_folded);
create unique index saved_views_default_key on saved_views (user_id) where is_default;

grant select, insert, update, delete on product_columns, saved_views to kaspi_panel_runtime;
