//! Spreadsheets: rows in, bytes out; or bytes of strangers in, rows or a refusal out. No files, no database.

pub mod import_form;
pub mod intake;
pub mod preorder_form;
pub mod tariff_losses;
