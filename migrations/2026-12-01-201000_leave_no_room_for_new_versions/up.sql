set local lock_timeout = '3s';

-- Room on the pages showed no gain, and what changes often has a narrow table of its own by now.
alter table stores reset (fillfactor);
alter table products reset (fillfactor);
alter table price_pushes reset (fillfactor);
