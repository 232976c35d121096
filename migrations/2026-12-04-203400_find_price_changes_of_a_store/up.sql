-- The newest changes of one store among millions of all. A table in months takes no index `concurrently`; changes of
-- prices wait for it.
set local lock_timeout = '3s';

create index price_changes_store_id_idx on price_changes (store_id, at desc, id desc);
