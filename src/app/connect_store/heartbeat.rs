//! A worker's sign of life in the row of the login it is at: when it stops, the login has ended, whatever the
//! worker died of.

use crate::{domain::AttemptId, services::Services, store::connections::attempt_beat};

/// Beats until it is dropped or the attempt has ended.
pub struct Heartbeat(tokio::task::JoinHandle<()>);

impl Heartbeat {
    /// Starts beating, four times in the time after which a worker counts as lost.
    pub fn start(services: &Services, id: AttemptId) -> Self {
        let services = services.clone();
        let every = services.config.worker.lost_after / 4;
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                match services.db.tx(move |conn| attempt_beat(conn, id)).await {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => tracing::warn!(%error, "a login's sign of life could not be written"),
                }
            }
        }))
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.0.abort();
    }
}
