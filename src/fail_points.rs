//! Named places between the steps of a push, and of an upload, where the crash tests let the process be killed or stand still.
//! Only debug builds know them: in a release build [`pass`] is empty, no setting is read, and nothing in the
//! program can send itself a signal.

/// A push was claimed, nothing else was done about it.
pub const CLAIMED: &str = "claimed";
/// The fresh availability image is kept with the push.
pub const IMAGE_KEPT: &str = "image_kept";
/// The gate has marked the push `sent` and committed; nothing has left.
pub const CLEARED: &str = "cleared";
/// The write is over, whatever came of it; its outcome is not written down.
pub const ANSWERED: &str = "answered";
/// The outcome of the write is written down.
pub const OUTCOME_KEPT: &str = "outcome_kept";
/// A read-back told how a push ends; that is not written down.
pub const SEEN: &str = "seen";
/// The end of a push is written down.
pub const SETTLED: &str = "settled";
/// What another round left behind is taken up.
pub const RECOVERED: &str = "recovered";
/// A file of preorders is noted as leaving; nothing has left.
pub const UPLOAD_NOTED: &str = "upload_noted";
/// The upload is over, whatever came of it; that is not written down.
pub const UPLOAD_ANSWERED: &str = "upload_answered";
/// The marketplace's key of the file is kept.
pub const UPLOAD_TAKEN: &str = "upload_taken";
/// A batch of the predecessor's products is written and not committed.
pub const IMPORT_WRITTEN: &str = "import_written";
/// A batch of decisions and planned pushes is written and not committed.
pub const BATCH_WRITTEN: &str = "batch_written";
/// A batch of decisions and planned pushes is committed.
pub const BATCH_COMMITTED: &str = "batch_committed";

/// Passes a place. A debug build that was told `NAME:COUNT:kill` or `NAME:COUNT:freeze` ends or stands still at the
/// so manieth pass of that name, as by `kill -9` or `kill -STOP`.
#[cfg(debug_assertions)]
pub fn pass(name: &str) {
    use std::sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    };
    static WANTED: LazyLock<Option<crate::config::FailPoint>> = LazyLock::new(crate::config::fail_point);
    static PASSED: AtomicU32 = AtomicU32::new(0);
    let Some(wanted) = WANTED.as_ref().filter(|wanted| wanted.name == name) else {
        return;
    };
    if PASSED.fetch_add(1, Ordering::SeqCst) + 1 == wanted.count {
        if wanted.freeze {
            crate::os::freeze();
        } else {
            crate::os::die();
        }
    }
}

/// Nothing: a release build cannot be told to die.
#[cfg(not(debug_assertions))]
pub const fn pass(_name: &str) {}
