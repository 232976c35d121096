alter table users drop column shortcuts, drop column density;
drop index sessions_id_key;
alter table sessions drop column id;
