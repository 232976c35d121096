set local lock_timeout = '3s';

-- A claim goes through the products of each store that is on, in the order of their time.
drop index products_due_idx;
create index products_due_idx on products (store_id, next_check_at)
  where repricing_enabled and on_sale and archived_at is null;

-- How often a price was changed since midnight, and our last moves: not all pushes that a product ever had.
create index price_pushes_confirmed_idx on price_pushes (product_id, finished_at) where state = 'confirmed';
