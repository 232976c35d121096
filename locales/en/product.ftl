# The page of one product: its price over time, and what the robot would do if.
chart-title = Price history
chart-range = Period
chart-range-24h = 24 hours
chart-range-7d = 7 days
chart-range-30d = 30
chart-range-90d = 90
chart-period-24h = 24 hours
chart-period-7d = 7 days
chart-period-30d = 30 days
chart-period-90d = 90 days
chart-title-period = { $name }: price over { $period }
chart-region = Price chart
chart-fell = Over { $period } the price fell from { $first } to { $last }, lowest { $low }, highest { $high }.
chart-rose = Over { $period } the price rose from { $first } to { $last }, lowest { $low }, highest { $high }.
chart-returned = Over { $period } the price moved and came back to { $last }, lowest { $low }, highest { $high }.
chart-still = Over { $period } the price did not move: { $last }.
chart-known-since = The price is known since { $time }.
chart-off-sale = There is no price in the store’s city now.
chart-rival-now = The best rival asks { $price } now.
chart-writes = Price writes: { $confirmed } confirmed, { $refused } refused, { $held } held.
chart-own = your price
chart-rival = best rival
chart-limits = floor and ceiling
chart-confirmed = confirmed
chart-refused = refused
chart-held = held
chart-label-own = you { $price }
chart-label-own-outside = you { $price }
chart-label-rival = rival { $price }
chart-label-rival-outside = rival { $price }
chart-label-floor = floor { $price }
chart-label-floor-outside = ↓ floor { $price }
chart-label-ceiling = ceiling { $price }
chart-label-ceiling-outside = ↑ ceiling { $price }
chart-table = The same data as a table
chart-since = Since
chart-write = Write
chart-empty = No price was read in this period yet: the chart appears after the catalogue is synced. Choose a longer period.

what-if-title = What if…
what-if-nothing-sent = nothing is sent
what-if-lead = Change the numbers and see what the robot would decide. All else is as in its decision of
what-if-rival = The best rival’s price
what-if-rival-hint = The other rivals keep their prices
what-if-strategy-same = as decided: { $strategy }
what-if-go = Compute without sending
what-if-answer = This is what the robot would decide
what-if-change = The robot would change the price
what-if-keep = The robot would leave the price
what-if-hold = The robot would hold the price
what-if-refuse = The robot would not change the price
what-if-end-text = Only computed: nothing was sent or stored
what-if-none = There is nothing to compute with yet: it appears after the robot’s first check of this product.
# Bars of sales below the chart.
sales-title = Sales by the stock
sales-region = Chart of sales by the stock
sales-sentence = In { $period } the stock fell by { $n ->
    [one] { $n } piece
   *[other] { $n } pieces
  }, most of all by { $most } ({ $when }).
sales-none = In { $period } the stock did not fall.
sales-note = These are falls of the stock between readings of the cabinet, not orders: new goods hide sales, and goods written off look like sales.
sales-known = The stock is remembered for { $n ->
    [one] { $n } day
   *[other] { $n } days
  }.
sales-table = Sales as a table
sales-when = When
sales-units = Pieces
