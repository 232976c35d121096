delete from saved_views where list <> 'products';
drop index saved_views_user_id_list_name_key;
drop index saved_views_list_default_key;
create unique index saved_views_user_id_name_key on saved_views (user_id, name_folded);
create unique index saved_views_default_key on saved_views (user_id) where is_default;
alter table saved_views drop column list;
