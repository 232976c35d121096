# Dashboard.
dashboard-data-at = data as of
almaty-time = Almaty time
today = Today
weekday-1 = Monday
weekday-2 = Tuesday
weekday-3 = Wednesday
weekday-4 = Thursday
weekday-5 = Friday
weekday-6 = Saturday
weekday-7 = Sunday
issues-title = Needs attention
issues-none = All quiet: nothing waits for your decision.
issue-stopped = { $name }: prices are stopped.
issue-needs-login = { $name }: the session has ended, prices are not sent.
issue-needs-login-text = { $n ->
    [one] { $n } product waits.
   *[other] { $n } products wait.
  }
issue-held-word = held
issue-held = { $n ->
    [one] { $n } price change was held by a guard.
   *[other] { $n } price changes were held by a guard.
  }
issue-held-text = It looks like a mistake of the market or of the settings: a person decides.
issue-look = Check
issue-floor-word = no floor
issue-floor = { $n ->
    [one] { $n } product with auto price has no floor: the robot leaves it alone.
   *[other] { $n } products with auto price have no floor: the robot leaves them alone.
  }
issue-floor-text = Set a floor and the robot begins.
issue-floor-act = Set floors
figure-sent = Prices sent
figure-sent-text = shown { $confirmed }, waiting { $open }, refused { $refused }
figure-first = In first place
figure-first-text = { $first } of { $all } decisions
figure-floor = At the floor
figure-stock = Out of stock
figure-stock-text = the robot leaves them alone
figure-products = Products
decisions-title = The robot's latest decisions
decisions-all = The whole log
decisions-none = No decisions yet. Switch a store's auto prices on, at least in shadow, and each appears here with its reason.
column-time = Time
column-product = Product
column-price = Price
column-change = Change
column-why = Why
no-change = no change
reason-none = The reason is on the product's page
decision-why-rival = { $why }, rival { $rival }
decision-waits = not now
decision-shadow = in shadow
decision-confirmed = on Kaspi
decision-open = waiting for Kaspi
decision-held = held
decision-superseded = replaced by a newer one
decision-refused = refused
decision-at-floor = at the floor
decision-right = right
decision-untouched = left alone
