# The stop button.
stop-title = Stopping prices
stop-active = Stops in force
stop-word = stop
stop-release = Release
stop-released = Released: prices are sent again
stop-done = Stopped: no price is sent until you release it
stop-question = Stop prices?
stop-text = No price is sent to Kaspi until you release the stop. Prices on Kaspi stay as they are now.
stop-where = Where to stop
stop-all = All stores
stop-waiting = { $n ->
    [one] { $n } price waiting
   *[other] { $n } prices waiting
  }
stop-reason = Reason
stop-reason-mistake = Looks like a mistake in prices
stop-reason-costs = Fees or purchase prices changed
stop-reason-check = Checking the settings
stop-reason-other = Other
stop-details = Details, if needed
stop-no-reason = Write the reason: somebody will ask about it tomorrow.
stop-note-1 = Sending ends within a second.
stop-note-2 = A price that is on its way already is waited for, and we show what Kaspi displays.
stop-note-3 = The robot goes on computing in shadow, “why” stays available.
stop-submit = Stop prices
stop-cancel = Do not stop
stop-nothing = Nothing to stop: there are no stores yet.
stop-strategy = Strategy “{ $name }”
stop-product = Product “{ $name }”
stop-one-strategy = Only one strategy
stop-strategy-reach = prices that this strategy found, in all stores
stop-none-active = Nothing is stopped: prices are being sent.
stop-past = Past stops
stop-past-none = There has been no stop yet.
stop-what = What
stop-stopped = Stopped
stop-let-go = Released
stop-release-text = The robot will send prices again. Make sure that the cause of the stop is gone.
stop-release-reason = Why it can be released
stop-release-cancel = Keep the stop
stop-password = Your password
stop-password-hint = Only who confirms to be himself can release a stop.
stop-wrong-password = The password is wrong.
stop-released-already = Somebody else has released this stop already.
stop-this-store = Stop the store’s prices
stop-this-product = Stop the product’s price
product-stopped = The price of this product is stopped
# What the program itself writes as a reason.
stop-why-mass_move = too many products would have dropped at once
stop-why-mass_move_median = half of the changes are big drops
stop-why-alert_unanswered = nobody answered an urgent alert
stop-why-offers_removed = offers vanished after writes, the store is in shadow now
stop-why-too_many_drops = too many drops within a day, the automatic price is off
stop-why-outside_collar = the price is too far from those of the last week
stop-why-selling_fast = sells much faster than usual and is cheaper than usual
stop-why-impossible_market = the market looks impossible: prices of 1 ₸, tenfold jumps or empty cards
