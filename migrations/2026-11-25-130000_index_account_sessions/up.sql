-- Cookies that an answer replaced are kept by the login they come from.
set local lock_timeout = '3s';

create index cabinet_accounts_session_id_idx on cabinet_accounts (session_id);
