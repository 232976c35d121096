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
