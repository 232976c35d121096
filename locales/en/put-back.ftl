# Putting earlier prices back.
put-back-title = Put earlier prices back
put-back-lead = The prices that the shop showed at a moment. First you see what would change; nothing is sent before you confirm.
put-back-moment = As of
put-back-at = Date and time, in Almaty
put-back-at-hint = The prices that the shop showed at this moment come back.
put-back-hour = an hour ago
put-back-six-hours = 6 hours ago
put-back-day = a day ago
put-back-one = Only one product.
put-back-whole = The whole store
put-back-some = Only some products
put-back-skus = Articles, one a line
put-back-look = Show what would change
put-back-no-moment = Give a date and a time.
put-back-no-products = The store has no products with these articles.
put-back-ahead = This moment has not come yet.
put-back-preview = What would change
put-back-planned = To put back
put-back-planned-text = had another price
put-back-refused = Not possible now
put-back-refused-text = limits or state forbid it
put-back-same = Unchanged
put-back-same-text = the price is that of then
put-back-unknown = Unknown
put-back-unknown-text = the price of then is not on record
put-back-why-refused = Why not
put-back-all-same = Nothing to change: all known prices are those of then.
put-back-now = Now
put-back-then = Then
put-back-may = Possible
put-back-yes = yes
put-back-more = { $n ->
    [one] and { $n } more product with a smaller change
   *[other] and { $n } more products with smaller changes
  }
put-back-note-1 = Each price passes the same checks as the robot’s: floor, ceiling, goal, stops.
put-back-note-2 = They are sent at the marketplace’s usual pace; you can follow the progress.
put-back-note-3 = The robot leaves these products alone for an hour.
put-back-submit = { $n ->
    [one] Put { $n } price back
   *[other] Put { $n } prices back
  }
put-back-cancel = Change nothing
put-back-past = Put back before
put-back-to = To the prices of
put-back-again = See what is left
put-back-nothing = Nothing to put back: nothing has changed since then, or it is forbidden now.
put-back-running = Prices are being put back
put-back-over = Done
put-back-progress = { $done } of { $all } ended.
put-back-left-out = { $n ->
    [one] { $n } product is left out: its price may not be changed now.
   *[other] { $n } products are left out: their prices may not be changed now.
  }
