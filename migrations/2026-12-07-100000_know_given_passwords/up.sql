-- When somebody else gave a person his password; empty: he chose it himself. A given one opens nothing but the page where he
-- chooses his own, and not for long.
set local lock_timeout = '3s';

alter table users add column password_given_at timestamptz;
