set local lock_timeout = '3s';

-- A store that was connected after the last `analyze` is none of the known values of this column: the planner
-- takes it for empty and then reads any index that begins with it from end to end, for each row of a first
-- catalogue. Without statistics it reckons with the same share for every store, and a sku is found by its own
-- index.
alter table products alter column store_id set statistics 0;

-- Nothing looks products up by it; the search reads parts of words.
drop index products_store_kaspi_product_id_idx;
