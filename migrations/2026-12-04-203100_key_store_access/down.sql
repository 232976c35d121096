drop index store_access_id_key;
alter table store_access drop column id, drop column version;
