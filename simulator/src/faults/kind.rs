//! The kinds of faults. README.md says which fields each one reads; FAULTS.md says what each is good for.

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    // Instead of carrying the request out.
    /// Answers `status`; `retry_after`, `body`, `patch` and `text` shape the answer.
    Status,
    /// Answers 200 (or `status`) with an HTML `page`.
    Html,
    /// Answers 200 with nothing in the body.
    EmptyBody,
    /// Answers 401 with an empty body and drops the session.
    Expired,
    /// Answers 302 to the login page.
    RedirectLogin,
    /// Answers 302 to the same address.
    RedirectLoop,
    /// The connection is dropped before anything happens.
    Reset,
    /// The connection brings bytes that are no HTTP and no TLS, then ends.
    Garbage,

    // The request is carried out, the answer is changed.
    /// Cuts the JSON answer in the middle.
    Malformed,
    /// Empties the rows of the answer (offers, data, merchants).
    Empty,
    /// `patch` is merged into the answer object (null removes a field), `nulls` become null.
    Patch,
    /// The same in every row, in the first `rows`, or in those that fit `where`.
    RowPatch,
    /// Takes the last `rows` rows out, or all that fit `where`.
    DropRows,
    /// Appends the rows of `patch` and counts them in the total.
    AddRows,
    /// Sets and removes response `headers`.
    Headers,
    /// Replaces texts of the body.
    Replace,
    /// Skews the `Date` header by `seconds`.
    Date,
    /// Puts a byte order mark before the body.
    Bom,
    /// Compresses the body as `encoding`.
    Encoded,
    /// Pads the body to `bytes`, compressed if `encoding` is given.
    Large,
    /// The session cookie is replaced; the old one is worth nothing from now on.
    RotateSession,
    /// The request is carried out, then answered with 500.
    #[serde(rename = "applied_but_500")]
    AppliedBut500,
    /// The request is carried out, but the answer is `{}`.
    NoId,
    /// The request is carried out, then the connection is dropped.
    ResetAfter,

    // The answer is right, its way is not.
    /// Delays the answer by `delay_ms`.
    Slow,
    /// Sends the headers at once and the body in ten pieces over `delay_ms`.
    SlowBody,
    /// Sends the body and then blanks without end.
    EndlessBody,
    /// Sends half of the body and drops the connection.
    CutBody,

    // Price changes.
    /// Accepted and never applied. Also a change of an order's status.
    AcceptedNotApplied,
    /// Accepted and applied `seconds` later than usual. Also a change of an order's status.
    ApplyAfter,
    /// Applied in the cabinet and never in public.
    NotPublic,
    /// Applied in `city` only.
    OneCity,
    /// Applied without the preorder, which follows after `seconds` or, without them, never.
    PreorderIgnored,
    /// Applied now and once more after `seconds`.
    Twice,
    /// The price is applied and the offer is withdrawn from sale.
    Withdraw,

    // The cabinet list, logins, files, orders.
    /// The page begins `rows` rows later (or earlier) than it should.
    Shift,
    /// The authorization server answers with a state of somebody else.
    WrongState,
    /// A code is said to be sent and none ever is.
    CodeLost,
    /// The uploaded file is processed without end.
    Stuck,
    /// The first `rows` rows (default 1) of the uploaded file are refused with `text`.
    RowErrors,
    /// The uploaded file ends with the status of `text` (default `ERROR`) and nothing is applied.
    FileEnds,
    /// After the answer the first order of the page moves on.
    OrderMoves,
    /// The buyer cancels just before the seller's change arrives.
    CancelledMeanwhile,
}
