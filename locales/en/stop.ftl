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
