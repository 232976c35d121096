# Search over everything, the command box, the map of keys, what open pages hear.
search-title = Search the panel
search-lead = Pages, stores, products and preorders. A key or an exact article opens its page at once.
search-box-field = Page, store, product, article or key
search-box-placeholder = Page, store, product, article…
search-submit = Search
search-count = { $n ->
    [0] Nothing found
    [one] { $n } found
   *[other] { $n } found
  }
search-nothing = Nothing found
search-nothing-hint = Check the spelling, or enter a part of the name, article or number.
search-pages = Pages
search-key = By key
search-all = Show all
search-first = The first { $n } are shown
search-hint-move = choose
search-hint-open = open
search-hint-close = close
close = Close
keys-title = Keyboard shortcuts
keys-are-on = Single keys are on and never act while you type. You can switch them off in the profile menu.
keys-are-off = Single keys are off: only combinations with Ctrl and Alt act. You can switch them on in the profile menu.
keys-everywhere = Everywhere
keys-lists = In lists
keys-go = Go to
keys-box = Search the panel
keys-search = Search field
keys-help = This map
keys-close = Close or cancel
keys-save = Save the form
keys-stop = The page that stops prices
keys-rows = Next and previous row
keys-open = Open the row
keys-edit = Edit floor and ceiling
keys-pick = Select the row
keys-bulk = Acts on selected rows
keys-undo = Put back what was
script-over = The session is over: this page is no longer up to date. Sign in again to go on.
