drop table saved_views;
drop table product_columns;
