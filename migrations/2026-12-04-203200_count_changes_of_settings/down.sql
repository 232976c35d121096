alter table settings drop column version;
