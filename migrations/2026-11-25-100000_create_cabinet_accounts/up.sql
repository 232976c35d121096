-- The account of the cabinet becomes a thing of its own: one login feeds any number of stores. Sealed values
-- are bound to table, column and row, so the secrets of `store_credentials` cannot be moved: there are no
-- installations to keep, every store asks for one login after this migration.

set local lock_timeout = '3s';

create table cabinet_accounts (
  id uuid primary key,
  owner_id uuid not null references users (id) on delete cascade,
  kind text not null check (kind in ('email', 'phone')),
  -- Lower-case e-mail, or a telephone number as +77000000001.
  login text not null check (login <> '' and length(login) <= 255),
  -- Where the login itself asked for a merchant, the session is good for that one alone, and another merchant
  -- of the same login is an account of its own.
  merchant_id text check (merchant_id <> '' and length(merchant_id) <= 255),
  -- Sealed by `secrets::Vault`; bound to this row by its associated data.
  password_sealed bytea,
  password_set_at timestamptz,
  -- The whole cookie jar, device trust included, and the browser identity it belongs to.
  cookies_sealed bytea,
  cookies_set_at timestamptz,
  -- Which login the cookies come from: a jar of an earlier one is not written over a newer one.
  session_id uuid,
  session_used_at timestamptz,
  -- One process at a time renews the session: a lease by the database's clock.
  renewing_until timestamptz,
  -- No further try to renew before then, and how many failed.
  renew_after timestamptz,
  renew_failures integer not null default 0,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index cabinet_accounts_login_key
  on cabinet_accounts (owner_id, kind, login, coalesce(merchant_id, ''));

alter table stores add column account_id uuid references cabinet_accounts (id) on delete set null;
create index stores_account_id_idx on stores (account_id);
alter table stores drop constraint stores_session_state_check;
alter table stores add constraint stores_session_state_check
  check (session_state in ('never', 'connected', 'renewing', 'needs_login'));
update stores set session_state = 'needs_login' where session_state = 'connected';

drop table store_credentials;

-- An open attempt of before this migration can be taken up by nobody.
delete from connection_attempts where finished_at is null;
alter table connection_attempts rename column email to login;
alter table connection_attempts
  add column kind text not null default 'email' check (kind in ('email', 'phone')),
  add column account_id uuid references cabinet_accounts (id) on delete cascade,
  -- Begun by the program: nobody sits before it, so it asks for nothing.
  add column automatic boolean not null default false,
  -- What a person answered (a code, a password), until the worker takes it.
  add column answer_sealed bytea,
  -- Where a code was sent to, as the marketplace masks it.
  add column sent_to text check (length(sent_to) <= 255),
  add column wrong_answers integer not null default 0,
  add column resend_wanted boolean not null default false,
  add column resend_at timestamptz,
  -- The worker's sign of life, by the database's clock.
  add column heartbeat_at timestamptz;
create index connection_attempts_account_id_idx on connection_attempts (account_id);
-- One login at a time per account, whoever asks and wherever it runs.
create unique index connection_attempts_open_key on connection_attempts (kind, login)
  where finished_at is null;
create index connection_attempts_blocked_idx on connection_attempts (kind, login, blocked_until)
  where blocked_until is not null;
alter table connection_attempts drop constraint connection_attempts_state_check;
alter table connection_attempts add constraint connection_attempts_state_check check (state in
  ('queued', 'running', 'sms_code', 'mail_code', 'password', 'choose_merchant', 'wrong_credentials',
   'needs_code', 'code_expired', 'blocked', 'page_changed', 'captcha', 'no_merchants', 'no_permission',
   'browser_missing', 'unavailable', 'interrupted', 'cancelled', 'failed', 'done'));

-- What the login page looked like when it was not understood, every secret blanked; kept for a week.
create table attempt_evidence (
  attempt_id uuid primary key references connection_attempts (id) on delete cascade,
  picture bytea check (octet_length(picture) <= 1048576),
  page text not null check (length(page) <= 262144),
  address text not null check (length(address) <= 500),
  taken_at timestamptz not null
);
create index attempt_evidence_taken_at_idx on attempt_evidence (taken_at);

grant select, insert, update, delete on cabinet_accounts, attempt_evidence to kaspi_panel_runtime;
