-- The second step of signing in: codes of an app (RFC 6238), and codes on paper for a lost telephone.
set local lock_timeout = '3s';

create table second_factors (
  user_id uuid primary key references users (id) on delete cascade,
  -- The seed in base 32, sealed by `secrets::Vault`; bound to this row.
  secret_sealed bytea,
  -- Null: a code of it was not typed yet, so nobody is asked for one.
  confirmed_at timestamptz,
  -- Codes of half minutes up to this one are spent: each counts once.
  last_step bigint not null default 0 check (last_step >= 0),
  created_at timestamptz not null
);

create table recovery_codes (
  id uuid primary key,
  user_id uuid not null references second_factors (user_id) on delete cascade,
  -- SHA-256 of 120 random bits; the code itself was shown once.
  code_hash bytea not null check (octet_length(code_hash) = 32),
  created_at timestamptz not null,
  used_at timestamptz
);
create unique index recovery_codes_user_id_code_hash_key on recovery_codes (user_id, code_hash);

grant select, insert, update, delete on second_factors, recovery_codes to kaspi_panel_runtime;
