drop index products_without_floor_idx;
drop index products_category_idx;
