set local lock_timeout = '3s';

revoke delete on sync_changes from kaspi_panel_runtime;
