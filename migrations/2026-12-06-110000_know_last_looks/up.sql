-- When a write was last looked for and did not show yet. How long a store's marketplace usually takes is learnt from writes
-- that were looked for all the time: what nobody could read for an hour has not taken an hour.
set local lock_timeout = '3s';

alter table price_pushes add column looked_at timestamptz;
