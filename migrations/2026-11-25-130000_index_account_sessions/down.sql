set local lock_timeout = '3s';

drop index cabinet_accounts_session_id_idx;
