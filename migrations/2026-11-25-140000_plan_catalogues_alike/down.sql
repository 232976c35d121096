set local lock_timeout = '3s';

create index products_store_kaspi_product_id_idx on products (store_id, kaspi_product_id);
alter table products alter column store_id set statistics -1;
