set local lock_timeout = '3s';

drop index past_market_offers_card_idx;
create index past_market_offers_card_idx on past_market_offers (card_id, city_id, first_seen_at desc);
