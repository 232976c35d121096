//! Spreadsheets: rows in, bytes out; or bytes of strangers in, rows or a refusal out. No database; a large report rests
//! in a temporary file of the library.

pub mod import_form;
pub mod intake;
pub mod preorder_form;
pub mod price_list_xml;
pub mod report;
pub mod tariff_losses;
