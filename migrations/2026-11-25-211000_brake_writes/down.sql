alter table price_pushes drop column fingerprint;
drop function decision_fingerprint;
drop table store_cycles;
