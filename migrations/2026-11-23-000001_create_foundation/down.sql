drop function enqueue_job;
drop table audit_log, settings, job_runs, preorders, kill_switches, price_push_cities, price_pushes,
  price_decisions, rules, market_offers, market_snapshots, product_prices, products, connection_attempts,
  store_points, store_cities, store_credentials, store_access, stores, sign_in_attempts, api_tokens,
  sessions, users;
-- The role stays: it belongs to the whole cluster and may serve other databases.
revoke all on schema public from kaspi_panel_runtime;
