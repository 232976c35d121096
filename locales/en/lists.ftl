# What lists and forms share.
views = Views
apply = Apply
find = Find
any-f = Any
any-n = Any
found = { $n ->
    [one] { $n } found
   *[other] { $n } found
  }
filters-clear = Clear filters
pager-label = Pages
pager-previous = Back
pager-next = Next
pager-page = page { $n }
pager-rows = { $from }–{ $to } of { $total }
pager-sizes = Rows per page
form-errors = { $n ->
    [one] Not saved: correct { $n } field
   *[other] Not saved: correct { $n } fields
  }
error-empty = Fill in this field
error-too-long = The text is too long: shorten it
error-money-not-a-number = Enter the amount in digits, for example 12 480
error-money-fraction = Prices are whole tenge, without fractions
error-money-not-positive = Enter an amount above zero
error-time = Enter date and time, for example 23.11.2026 14:05
word-yes = yes
word-no = no
# Putting back what was changed a moment ago.
undo = Undo
undo-done-one = The former values are back
undo-done = The former values are back: { $n ->
    [one] { $n } product
   *[other] { $n } products
  }
undo-left = Left as it is.
undo-left-changed = { $name }: the values have changed since.
undo-left-changed-by = { $name }: { $who } has changed this since.
undo-left-not-allowed = { $name }: the former values are no longer allowed, set them by hand.
undo-left-gone = { $name }: the product is gone, or you may not change it.
undo-left-more = And { $n ->
    [one] { $n } more product
   *[other] { $n } more products
  }: the log has them.
