-- Sealed values are bound to their row and cannot be moved back either: every store asks for a login.

set local lock_timeout = '3s';

drop table attempt_evidence;

delete from connection_attempts
  where finished_at is null or kind = 'phone'
    or state in ('sms_code', 'mail_code', 'password', 'code_expired', 'captcha', 'no_permission',
      'interrupted', 'cancelled');
drop index connection_attempts_blocked_idx;
drop index connection_attempts_open_key;
alter table connection_attempts
  drop column kind,
  drop column account_id,
  drop column automatic,
  drop column answer_sealed,
  drop column sent_to,
  drop column wrong_answers,
  drop column resend_wanted,
  drop column resend_at,
  drop column heartbeat_at;
alter table connection_attempts rename column login to email;
alter table connection_attempts drop constraint connection_attempts_state_check;
alter table connection_attempts add constraint connection_attempts_state_check check (state in
  ('queued', 'running', 'wrong_credentials', 'needs_code', 'choose_merchant', 'blocked', 'page_changed',
   'no_merchants', 'browser_missing', 'unavailable', 'failed', 'done'));

create table store_credentials (
  store_id uuid primary key references stores (id) on delete cascade,
  email text check (length(email) <= 255),
  password_sealed bytea,
  cookies_sealed bytea,
  password_set_at timestamptz,
  cookies_set_at timestamptz,
  user_agent text not null default '' check (length(user_agent) <= 400),
  updated_at timestamptz not null
);
grant select, insert, update, delete on store_credentials to kaspi_panel_runtime;

update stores set session_state = 'needs_login' where session_state in ('connected', 'renewing');
alter table stores drop constraint stores_session_state_check;
alter table stores add constraint stores_session_state_check
  check (session_state in ('never', 'connected', 'needs_login'));
drop index stores_account_id_idx;
alter table stores drop column account_id;

drop table cabinet_accounts;
