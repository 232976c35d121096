alter table price_pushes drop column looked_at;
