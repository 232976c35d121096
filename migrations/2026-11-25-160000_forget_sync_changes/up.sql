-- What a sync run changed is kept for a while only: the worker removes old rows.

set local lock_timeout = '3s';

grant delete on sync_changes to kaspi_panel_runtime;
