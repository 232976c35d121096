# Connecting a store: where the login stands
attempt-state-queued = Waiting for its turn
attempt-state-running = Signing in to the seller's cabinet
attempt-state-wrong_credentials = Kaspi did not accept the e-mail or the password. Check them and try again.
attempt-state-needs_code = Kaspi asks for a confirmation code. Sign in to the cabinet in a browser, confirm the login, and try again.
attempt-state-choose_merchant = This account has several shops. Choose one.
attempt-state-blocked = Kaspi asks to wait. Try again later.
attempt-state-page_changed = Kaspi's login page has changed and the login failed. Tell the administrator of the panel.
attempt-state-no_merchants = This account does not have the shop. Check the employee's rights in the Kaspi cabinet.
attempt-state-browser_missing = The server has no Chromium browser. Administrator: install the packages chromium and chromium-driver.
attempt-state-unavailable = Kaspi does not answer. Try again in a few minutes.
attempt-state-failed = The login failed. Try again.
attempt-state-done = The store is connected

# Fields of the connection form
connect-email-invalid = Enter the e-mail you use for the seller's cabinet.
connect-password-missing = Enter the password of the seller's cabinet.
connect-merchant-not-offered = Choose a shop from the list.

# Why work was not finished
job-failure-session_expired = The Kaspi session has ended. Log the store in again.
job-failure-marketplace_blocked = Kaspi lets nobody in for now. Try again in a few minutes.
job-failure-rate_limited = Too many requests to Kaspi. Try again later.
job-failure-paused = The program pauses its requests to Kaspi. It will go on by itself.
job-failure-token_refused = Kaspi does not accept the API token. Paste a new one from the cabinet: Settings → API token.
job-failure-upload_unfinished = Kaspi is still working on the previous file. Try again in a few minutes.
job-failure-marketplace_rejected = Kaspi refused the request. Check the employee's rights in the cabinet.
job-failure-marketplace_unavailable = Kaspi does not answer. Try again in a few minutes.
job-failure-malformed_answer = Kaspi sent an answer that cannot be understood. Nothing was changed; try again.
job-failure-store_missing = This store does not exist any more.
job-failure-forbidden = No rights to this store.
job-failure-cancelled = Called off.
job-failure-worker_lost = The worker was lost at every try. Tell the panel's administrator.
job-failure-database = The database did not answer. Try again.
job-failure-wrong_credentials = Kaspi did not accept the e-mail or the password.
job-failure-needs_code = Kaspi asks for a confirmation code.
job-failure-blocked = Kaspi asks to wait.
job-failure-page_changed = Kaspi's login page has changed.
job-failure-no_merchants = The account does not have the shop.
job-failure-browser_missing = The server has no Chromium browser.
job-failure-unavailable = Kaspi does not answer.
job-failure-failed = It failed. Try again.
