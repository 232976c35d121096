-- Settings are changed as one thing that somebody else may have changed meanwhile.
set local lock_timeout = '3s';

alter table settings add column version integer not null default 1;
