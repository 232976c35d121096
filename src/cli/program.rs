//! What every command needs: settings, logging, a database, services, and the signals that end the program.

use anyhow::{Context, Result};
use tokio::sync::watch;

use crate::{
    app::secret_keys::{refuse_missing_file, refuse_unknown_keys},
    config::Config,
    os::{Cluster, ClusterOptions},
    secrets::{KeyFile, Secret},
    services::Services,
    store::{
        Db,
        migrate::{version_check, zone_check},
    },
    telemetry,
};

/// An opened program; the private cluster, where there is one, lives as long as this value.
pub struct Program {
    /// Settings.
    pub config: Config,
    /// The database, as its owner.
    pub database_url: Secret,
    _cluster: Option<Cluster>,
}

impl Program {
    /// Reads the settings from the environment, starts logging and finds or starts the database.
    pub async fn open() -> Result<Self> {
        let config = Config::from_env()?;
        Self::with_config(config).await
    }

    /// The same with given settings.
    pub async fn with_config(config: Config) -> Result<Self> {
        telemetry::init(&config.log_filter, config.log);
        if let Some(url) = config.database.url.clone() {
            return Ok(Self {
                config,
                database_url: url,
                _cluster: None,
            });
        }
        // A cluster that a running panel has started serves us too.
        if let Some(url) = Cluster::running(&config.data_dir) {
            return Ok(Self {
                config,
                database_url: Secret::from(url),
                _cluster: None,
            });
        }
        let options = ClusterOptions {
            programs: config.database.bin_dir.clone(),
            ..ClusterOptions::new(&config.data_dir)
        };
        let cluster = telemetry::spawn_blocking(move || Cluster::start(&options)).await??;
        Ok(Self {
            config,
            database_url: Secret::from(cluster.url()),
            _cluster: Some(cluster),
        })
    }

    /// Services on a database that has exactly this program's migrations and whose secrets can be opened.
    pub async fn services(&self) -> Result<Services> {
        let db = Db::new(&self.database_url, 1)?;
        db.read(version_check).await.context("database")?;
        db.read(|conn| zone_check(conn, "Asia/Almaty")).await?;
        // Before a key file is made where there is none.
        refuse_missing_file(&db, &KeyFile::at(&self.config.secret_key_file)).await?;
        let services = self.services_with_any_keys().await?;
        refuse_unknown_keys(&services).await?;
        Ok(services)
    }

    /// Services on a database that has exactly this program's migrations, whatever the key file holds.
    pub async fn services_with_any_keys(&self) -> Result<Services> {
        let services = Services::new(self.config.clone(), &self.database_url)?;
        services.db.read(version_check).await.context("database")?;
        Ok(services)
    }
}

/// Becomes true at SIGTERM or Ctrl-C.
pub fn stop_signal() -> Result<watch::Receiver<bool>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, receiver) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: what is in flight is finished first");
        // Without receivers there is nothing left to stop.
        let _nobody = sender.send(true);
        sender.closed().await;
    });
    Ok(receiver)
}

/// Ready when the stop has been asked for.
pub async fn stopped(mut stop: watch::Receiver<bool>) {
    let _ended = stop.wait_for(|stop| *stop).await;
}
