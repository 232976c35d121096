-- Past offers of a card are asked for by their end: those since a moment, the newest first, and no more than are shown.
-- By their beginning all that a card ever had were read. What begins late ends late, so this index serves both.
set local lock_timeout = '3s';

drop index past_market_offers_card_idx;
create index past_market_offers_card_idx on past_market_offers (card_id, city_id, gone_at desc);
