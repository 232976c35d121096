-- Categories of a store are gone through from one to the next; and every page tells of products whose robot is on but that
-- have no floor, which are few: neither reads a whole catalogue.
set local lock_timeout = '3s';

create index products_category_idx on products (store_id, category) where category is not null;
create index products_without_floor_idx on products (store_id)
  where repricing_enabled and floor_tenge is null and archived_at is null;
