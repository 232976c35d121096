-- Attempts to sign in count for a quarter of an hour; those that are older are forgotten by their time.
set local lock_timeout = '3s';
create index sign_in_attempts_at_idx on sign_in_attempts (at);
