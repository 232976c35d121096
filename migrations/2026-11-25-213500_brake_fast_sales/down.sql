drop trigger products_stock_fall on products;
drop function keep_stock_fall();
drop table stock_falls;
