set local lock_timeout = '3s';

-- A version of a row that finds room on its page and changes no indexed column is entered into no index. Leases, claims
-- and images of availability change often, and none of them is indexed.
alter table stores set (fillfactor = 50);
alter table products set (fillfactor = 70);
alter table price_pushes set (fillfactor = 70);

-- Most writes have no person.
drop index price_pushes_actor_id_idx;
create index price_pushes_actor_id_idx on price_pushes (actor_id) where actor_id is not null;
