alter table product_checks set (fillfactor = 70);
