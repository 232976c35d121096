alter table price_pushes drop column waiting_since, drop column gain_tenge, drop column worth;
