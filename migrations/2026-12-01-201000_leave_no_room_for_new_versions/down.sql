set local lock_timeout = '3s';
alter table stores set (fillfactor = 50);
alter table products set (fillfactor = 70);
alter table price_pushes set (fillfactor = 70);
