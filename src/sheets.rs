//! Spreadsheets: rows in, bytes out. No files, no database.

pub mod preorder_form;
pub mod tariff_losses;
