-- Views under names belong to a list: that of products, or one of the administration area.
set local lock_timeout = '3s';

alter table saved_views add column list text not null default 'products' check (char_length(list) between 1 and 60);
create unique index saved_views_user_id_list_name_key on saved_views (user_id, list, name_folded);
create unique index saved_views_list_default_key on saved_views (user_id, list) where is_default;
drop index saved_views_user_id_name_key;
drop index saved_views_default_key;
