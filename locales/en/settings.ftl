# The settings: outgoing proxies, limits towards the marketplace.
settings-lead = Common to the whole installation; only administrators see and change them
proxies-title = Outgoing proxies
proxies-lead = The panel reaches Kaspi through them. One cabinet always leaves through the same proxy.
proxies-none = No proxy: requests go out directly
proxies-none-text = That is enough for a few stores. Add proxies when Kaspi limits your address.
proxies-add = Add proxies
proxies-lines = Proxies, one a line
proxies-lines-hint = Forms: http://user:password@host:port, https://…, socks5://…, host:port:user:password. User name and password are stored encrypted and never shown again.
proxies-add-submit = Add
proxies-added = { $n ->
    [0] No new proxies.
    [one] { $n } proxy added.
   *[other] { $n } proxies added.
  }
proxies-known = { $n ->
    [one] { $n } was in the list already.
   *[other] { $n } were in the list already.
  }
proxy-lines-missing = Paste at least one line with a proxy
proxy-lines-wrong = { $n ->
    [one] { $n } line was not taken
   *[other] { $n } lines were not taken
  }
proxy-lines-again = Correct the others and paste again: repeated ones are skipped. Passwords are not put back into the field.
proxy-line = Line { $line }:
proxy-error-format = not understood; write http://user:password@host:port
proxy-error-scheme = begin with http://, https:// or socks5://
proxy-error-host = this is no host name and no address
proxy-error-not-public = an address inside your own network; it must be on the internet
proxy-error-port = give a port from 1 to 65535
proxy-error-credentials = user name and password: no control characters, each at most 255 bytes
proxy-error-too-many = at most 500 at once; paste the rest separately
proxy-username-missing = Enter the user name too, not only the password
proxy-label = Name
proxy-label-hint = If you like: provider, city, paid until
proxy-address = Proxy
proxy-requests = Requests
proxy-failures = failed
proxy-last-use = Last request
proxy-check = Check
proxy-acts = Actions
proxy-state-off = off
proxy-state-cooling = resting until { $until }
proxy-state-broken = broken
proxy-state-new = new
proxy-state-works = works
proxy-from-environment = from the environment (KASPI_PROXIES), changed there
proxy-credentials = User name and password
proxy-credentials-set = user name and password set
proxy-credentials-replace = They cannot be shown. Leave the fields empty to keep them, or enter new ones.
proxy-credentials-enter = Enter them if the proxy wants any.
proxy-no-credentials = without user name and password
proxy-credentials-forget = Remove user name and password
proxy-credentials-forget-text = The proxy is then used without them
proxy-username = User name
proxy-edit = Change
proxy-saved = Proxy saved
proxy-conflict = Somebody else has changed the proxy. This is what it looks like now: check it and save again.
proxy-switch-on = Switch on
proxy-switch-off = Switch off
proxy-switch-on-of = Switch on { $address }
proxy-switch-off-of = Switch off { $address }
proxy-switched-on = Proxy switched on
proxy-switched-off = Proxy switched off: no new requests go through it
proxy-check-now = Check
proxy-check-of = Check { $address }
proxy-check-asked = Checking with one harmless request to Kaspi's public shop
proxy-checking = being checked
proxy-check-works = answers in { $ms } ms
proxy-delete = Delete
proxy-delete-of = Delete { $address }
proxy-delete-title = Delete the proxy?
proxy-delete-text = User name, password and counters are deleted. If it is the last proxy that is on, requests go out directly.
proxy-deleted = Proxy deleted
proxy-trouble-proxy_unreachable = the proxy does not answer
proxy-trouble-proxy_refused = the proxy refused user name and password
proxy-trouble-proxy_no_answer = the proxy answers with an error
proxy-trouble-proxy_not_public = the name leads into your own network
proxy-trouble-proxy_credentials = user name and password cannot be decrypted: enter them anew
proxy-trouble-marketplace_blocked = Kaspi does not accept this address
proxy-trouble-other = error
limits-title = Pace towards Kaspi
limits-lead = Below what Kaspi blocks for. Set by environment variables.
limit-name = Limit
limit-value = Value
limit-variable = Variable
limit-every = once in { $ms } ms
limit-write-interval = Price changes of one store
limit-writes = Changes of one store in 30 minutes
limit-write-pause = Pause of changes when Kaspi asks to wait
limit-public-interval = Reads of the public shop from one address
limit-public-pause = Pause of an address that the public shop refused
limit-list-interval = Reads of a store's list of products
limit-orders-interval = Calls of the orders API with one key

brakes-title = Brakes of prices
brakes-lead = When the program itself stops, holds or delays prices. After a change everything that is planned is decided anew.
brakes-reason = Why you change it
brakes-reason-hint = It stays in the log
brakes-saved = The brakes were changed
brakes-conflict = Somebody else changed the settings while you typed. Your values are kept in the form; beside them stands what holds now.
brakes-usual = Usually { $n }.
brakes-theirs = Now { $n }.
brakes-error-range = A whole number from { $least } to { $most }.
brakes-unit-percent = %
brakes-unit-seconds = s
brakes-big_drop_percent = Big drop
brakes-big_drop_percent-hint = A greater drop counts as big.
brakes-big_drop_share_percent = Share of big drops
brakes-big_drop_share_percent-hint = With a greater share of big drops in a pass the store stops.
brakes-big_drops_at_least = Big drops at least
brakes-big_drops_at_least-hint = Fewer never stop a store.
brakes-impossible_share_percent = Share of impossible cards
brakes-impossible_share_percent-hint = Prices of 1 ₸, tenfold jumps, emptied cards: a greater share stops the store.
brakes-collar_low_percent = Collar below
brakes-collar_low_percent-hint = A price below this share of the median of 7 days waits for a person.
brakes-collar_high_percent = Collar above
brakes-collar_high_percent-hint = A price above this share of the median of 7 days waits for a person.
brakes-drops_per_day = Drops a day
brakes-drops_per_day-hint = After so many drops without a raise automatic prices of the product are switched off.
brakes-product_gap_seconds = Pause between writes of a product
brakes-product_gap_seconds-hint = The robot does not write one product more often.
brakes-removed_per_day = Withdrawn products a day
brakes-removed_per_day-hint = When so many products vanish from the shop after writes, the store goes into shadow.
