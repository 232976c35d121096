set local lock_timeout = '3s';

drop index products_due_idx;
create index products_due_idx on products (next_check_at)
  where repricing_enabled and on_sale and archived_at is null and floor_tenge is not null;

drop table rule_products;
delete from rules where scope <> 'store';
drop index rules_store_key;
drop index rules_category_key;
drop index rules_product_id_key;
drop index rules_store_id_idx;
alter table rules
  drop constraint rules_attached_check,
  drop column scope,
  drop column category,
  drop column product_id,
  drop column position,
  drop column enabled;
create unique index rules_store_id_key on rules (store_id);

drop table pricing_terms;
drop table tariffs;
