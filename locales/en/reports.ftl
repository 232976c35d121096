# Reports in Excel.
reports-title = Reports
reports-lead = Excel files that only you see. Each is kept for { $days ->
    [one] { $days } day
   *[other] { $days } days
}.
reports-new = New report
reports-what = What about
reports-period-hint = Only price changes need a period. Both days belong to it.
reports-make = Make the report
reports-mine = My reports
reports-none = No reports yet
reports-none-text = Choose above what to report. Or press “To Excel” above any list: the report takes its filters.
report-kind-products = Products
report-kind-products-text = Prices, floor and ceiling, costs, stock
report-kind-price_changes = Price changes
report-kind-price_changes-text = Every change: when, by how much, who and why
report-kind-preorders = Preorders
report-kind-preorders-text = Status, pieces at each point, days
report-kind-competitors = Competitors
report-kind-competitors-text = All offers on the cards of your products
report-state-queued = waits
report-state-running = being made
report-state-ready = ready
report-state-failed = failed
report-state-cancelled = cancelled
report-from = From
report-to = To
report-begins = Counting the rows
report-ready = { $n ->
    [one] { $n } row
   *[other] { $n } rows
  }, { $size }, kept until { $until }.
report-rows = { $n ->
    [one] { $n } row
   *[other] { $n } rows
  }
report-asked = The report is being made. You may close the page: it will appear here.
report-asked-at = Asked for
report-cancel = Cancel
report-cancelled = The report was cancelled.
report-again = Make it again
report-delete = Delete
report-deleted = The report was deleted.
report-download = Download
report-too-many-open = { $n ->
    [one] { $n } report is being made already
   *[other] { $n } reports are being made already
  }. Wait for one of them or cancel it.
report-too-many-kept = { $n ->
    [one] { $n } report is kept already
   *[other] { $n } reports are kept already
  }. Delete those you do not need.
report-too-late = The report is finished: there is nothing to cancel.
report-one-product = one product
size-kb = { $n } KB
size-mb = { $n } MB
to-excel = To Excel
log-to-excel = Price changes to Excel
report-about = Parameters
report-about-kind = Report
report-about-search = Search
report-about-view = View
report-about-rows = Rows
report-about-made = Made
report-about-by = For
report-about-zone = Time
report-column-name = Name
report-column-brand = Brand
report-column-card = Card
report-column-price = Price
report-column-our-price = Our price
report-column-floor = Floor
report-column-ceiling = Ceiling
report-column-cost = Cost of a piece
report-column-stock = Stock
report-column-on-sale = On sale
report-column-preorder-days = Preorder days
report-column-auto = Automatic prices
report-column-read = Price read
report-column-changed = Price changed
report-column-archived = Archived since
report-column-status = Status
report-column-pieces = Pieces
report-column-points = By point
report-column-created = Created
report-column-updated = Changed
report-column-when = When
report-column-city = City
report-column-before = Before
report-column-after = After
report-column-change = Difference
report-column-change-percent = Difference, %
report-column-who = Who
report-column-best-rival = Best rival price
report-column-place = Place
report-column-own = Ours
report-column-rating = Rating
report-column-reviews = Reviews
report-column-since = Like this since
report-column-seen = Last seen
report-who-elsewhere = Not the panel
report-reason-other = another reason
report-reason-first = read for the first time
report-reason-gone = not sold in this city any more
report-reason-elsewhere = changed in the cabinet or by another program
report-origin-robot = the robot decided
report-origin-person = a person decided
report-origin-put_back = an earlier price was put back
report-origin-restore = points of service were brought back
job-kind-make_report = Excel report
job-failure-report_unwritable = The file could not be written: the server has no room for a temporary file.
object-report = report
action-cancel = cancelled
