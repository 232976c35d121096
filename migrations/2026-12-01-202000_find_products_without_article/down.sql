set local lock_timeout = '3s';
drop index products_without_sku_idx;
