set local lock_timeout = '3s';
drop index price_pushes_actor_id_idx;
create index price_pushes_actor_id_idx on price_pushes (actor_id);
alter table price_pushes reset (fillfactor);
alter table products reset (fillfactor);
alter table stores reset (fillfactor);
