-- An alert about somebody who knows a password and guesses codes of the second factor.
set local lock_timeout = '3s';

alter table alerts drop constraint alerts_kind_check,
  add constraint alerts_kind_check check (kind in ('session_lost', 'store_stopped', 'breaker', 'mismatch',
    'floor_reached', 'first_place_lost', 'offer_removed', 'worker_lost', 'offer_damaged', 'not_shown',
    'needs_person', 'feed_refused', 'codes_guessed'));
