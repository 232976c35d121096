# Troubles that people should hear of.
alerts-title = Alerts
alerts-all = All alerts
alerts-lead = What happened, what to do about it and who cares for it.
alerts-open = Waiting for you
alerts-open-none = All quiet: there are no new alerts.
alerts-seen = Seen already
alerts-seen-none = Nothing has been seen to yet.
alerts-times = { $n ->
    [one] { $n } time
   *[other] { $n } times
  }
alerts-acknowledge = I care for it
alerts-acknowledged = Noted: you care for it
alerts-by = { $name } cares for it
alerts-over = over
alerts-everywhere = All stores
alert-severity-critical = urgent
alert-severity-warning = attention
alert-severity-notice = for your information
alert-kind-session_lost = Session ended
alert-kind-store_stopped = Prices stopped
alert-kind-breaker = Protection stepped in
alert-kind-mismatch = The shop shows another price
alert-kind-floor_reached = Price came down to the floor
alert-kind-first_place_lost = First place lost
alert-kind-offer_removed = Offer went off sale
alert-kind-worker_lost = A process broke off
alert-session_lost = { $store }: the session ended, no prices are sent.
alert-session_lost-do = Log in to the store’s cabinet again.
alert-store_stopped = { $store }: { $who } stopped the prices: { $reason }
alert-store_stopped-do = Release the stop when its cause is gone.
alert-breaker = { $store }: the protection stopped the prices: { $reason }
alert-breaker-do = Check the robot’s decisions; release the stop if all is right.
alert-mismatch = { $product }: after a write the shop shows another price.
alert-mismatch-do = Look at the product in the cabinet: a person or another program may have changed the price. The robot leaves it alone for an hour.
alert-floor_reached = { $store }: prices came down to the floor, for instance “{ $product }”.
alert-floor_reached-do = Check whether the floors are right: the robot goes no lower.
alert-first_place_lost = { $store }: products lost the first place, for instance “{ $product }”.
alert-first_place_lost-do = See who is ahead and decide whether rule or floor should change.
alert-offer_removed = { $product }: after a price was sent the offer went off sale.
alert-offer_removed-do = Check the product’s stock and points of service in the cabinet. The robot leaves it alone for an hour.
alert-worker_lost = { $store }: a process broke off in the middle of sending; the shop will tell the outcome.
alert-worker_lost-do = Look at the program’s log; if it happens again, memory is short or something stops the program.
alert-act-store = To the store
alert-act-product = To the product
alert-act-stop = To the stops
alert-act-login = Log in
