//! Reading a stranger's file in a process of its own, a few at a time.

use std::time::Duration;

use tokio::sync::Semaphore;

use crate::{
    domain::imports::{FileLayout, ImportRefusal},
    os::{Confinement, run_confined},
    services::Services,
    sheets::intake::{Refused, Row, wire},
    telemetry,
};

/// What reading one file may take. A file within its own limits takes a tenth of it.
const LIMITS: Confinement = Confinement {
    memory: 512 * 1024 * 1024,
    processor: Duration::from_secs(15),
    time: Duration::from_secs(20),
    output: 24 * 1024 * 1024,
};

/// Files read at once by this program; others wait.
static READERS: Semaphore = Semaphore::const_new(2);

/// Reads a file; its rows go through `take`, which gives what is kept of them.
///
/// # Errors
/// The file is refused; what `take` has kept is gone then.
pub async fn read_file<K: Send + 'static>(
    services: &Services,
    file_name: &str,
    bytes: Vec<u8>,
    mut kept: K,
    take: fn(&mut K, Row),
) -> Result<(FileLayout, K), Refused> {
    // Only the ending of a name says anything, and nothing else of it leaves this process.
    let ending: String = file_name
        .rsplit_once('.')
        .map(|(_, ending)| {
            ending
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .take(8)
                .collect()
        })
        .unwrap_or_default();
    let program = services.config.program.clone();
    let too_heavy = || Refused::from(ImportRefusal::TooHeavy);
    let _turn = READERS.acquire().await.map_err(|_| too_heavy())?;
    telemetry::spawn_blocking(move || {
        let name = format!("file.{ending}");
        let arguments = ["sheet", "read", "--name", &name];
        let result = run_confined(&program, &arguments, LIMITS, &bytes, |lines| {
            wire::understand(lines, &mut |row| take(&mut kept, row))
        });
        match result {
            Ok(layout) => Ok((layout?, kept)),
            Err(error) => {
                tracing::error!(%error, "a process that reads a file did not start");
                Err(ImportRefusal::TooHeavy.into())
            }
        }
    })
    .await
    .map_err(|_| too_heavy())?
}
