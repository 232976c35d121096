set local lock_timeout = '3s';

alter table price_pushes drop constraint price_pushes_origin_check;
update price_pushes set origin = 'undo' where origin = 'put_back';
alter table price_pushes
  add constraint price_pushes_origin_check check (origin in ('robot', 'person', 'undo')),
  drop column put_back_id;
drop table put_backs;

drop trigger price_changes_insert on product_prices;
drop trigger price_changes_update on product_prices;
drop trigger price_changes_delete on product_prices;
drop function keep_price_change();
drop function drop_months(text, date);
drop function make_month(text, date);

insert into market_offers (id, card_id, city_id, merchant_id, merchant_name, price_tenge, rating_centi, reviews,
  preorder_days, delivery, first_seen_at, last_seen_at, gone_at)
select past.id, past.card_id, past.city_id, past.merchant_id, past.merchant_name, past.price_tenge,
  past.rating_centi, past.reviews, past.preorder_days, past.delivery, past.first_seen_at, past.last_seen_at,
  past.gone_at
from past_market_offers past join market_snapshots using (card_id, city_id);
drop table past_market_offers;
drop table price_changes;
