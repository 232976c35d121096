alter table users drop column password_given_at;
