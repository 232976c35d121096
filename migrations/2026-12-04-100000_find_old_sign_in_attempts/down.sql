set local lock_timeout = '3s';
drop index sign_in_attempts_at_idx;
