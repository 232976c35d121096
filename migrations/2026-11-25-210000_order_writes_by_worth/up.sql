set local lock_timeout = '3s';

-- What a write earns decides who goes first while the marketplace takes only so many.
alter table price_pushes
  add column worth text not null default 'cosmetic'
    check (worth in ('repair', 'restore', 'place', 'raise', 'cosmetic')),
  -- Tenge a day, at one sale of the card a day; 0 where only the class counts.
  add column gain_tenge bigint not null default 0 check (gain_tenge >= 0),
  -- Since when the product waits for a write, over all plans that were replaced meanwhile.
  add column waiting_since timestamptz;
