# Frame of every page: header, navigation, footers.
skip-to-content = Skip to content
env-label = Environment
env-other-hosts = Training mode: other addresses stand in for kaspi.kz, no real store is touched
brand-label = kaspi-panel, overview
nav-label = Sections
nav-dashboard = Overview
nav-stores = Stores
nav-products = Products
nav-preorders = Preorders
nav-jobs = Jobs
nav-log = Log
nav-manage = Manage
nav-settings = Settings
nav-admin = Admin
stores-all = All stores
stores-connect = Connect a store
search-label = Search the panel
search-field = Search the panel: product, store, page
search-placeholder = Product, store, page…
robot-label = Auto prices:
robot-live = working
robot-shadow = in shadow
robot-unknown = asking…
robot-off = off
robot-stopped = stopped
robot-partly-stopped = { $n ->
    [one] stopped in { $n } store
   *[other] stopped in { $n } stores
  }
robot-some-stopped = { $n ->
    [one] on, { $n } stop
   *[other] on, { $n } stops
  }
robot-who-why = Who and why
robot-stop = Stop
header-jobs = { $n ->
    [0] Jobs: nothing is running
   *[other] Jobs: { $n } running
  }
header-problems = Needs attention: { $n }
language-label = Language
language-short = EN
language-change = EN, language: English. Change
profile-label = Profile: { $name }
theme-system = System theme
theme-light = Light theme
theme-dark = Dark theme
keys-off = Switch shortcut keys off
keys-on = Switch shortcut keys on
sign-out = Sign out
time-zone-note = Times on all pages are those of Almaty (UTC+5)
to-dashboard = To the overview
save = Save
cancel = Cancel
refresh = Refresh
breadcrumbs = Path
table-label = Table
never = not yet
word-floor = floor
word-ceiling = ceiling
script-offline = The server does not answer. The page may be out of date: reload it when the connection is back.
script-copied = Copied
products-count = { $n ->
    [one] { $n } product
   *[other] { $n } products
  }
stores-count = { $n ->
    [one] { $n } store
   *[other] { $n } stores
  }
state-never = not connected
state-connected = working
state-renewing = logging in
state-needs_login = login needed
mode-off = off
mode-shadow = in shadow
mode-live = working
