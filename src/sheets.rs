//! Spreadsheets: rows in, bytes out. No database; a large report rests in a temporary file of the library.

pub mod preorder_form;
pub mod price_list_xml;
pub mod report;
pub mod tariff_losses;
