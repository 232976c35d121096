set local lock_timeout = '3s';

drop trigger listed_prices_delete on product_prices;
drop trigger listed_prices_update on product_prices;
drop trigger listed_prices_insert on product_prices;
drop trigger listed_prices_city on stores;
drop trigger listed_prices_product_update on products;
drop trigger listed_prices_product_insert on products;
drop function keep_listed_price();
drop table listed_prices;
drop trigger products_count_delete on products;
drop trigger products_count_update on products;
drop trigger products_count_insert on products;
drop function count_products();
drop table store_catalogues;
drop index products_search_idx;
drop extension pg_trgm;
