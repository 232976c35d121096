//! Uploaded price lists: one at a time per seller, processed in market time, applied when they are done.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::offer::Availability;
use super::operations::{Change, Fate};
use super::{Event, Market};
use crate::pricelist::Row;

/// Older files are forgotten.
const FILES_MAX: usize = 100;

pub const UPLOADED: &str = "UPLOADED";
pub const PROCESSING: &str = "PROCESSING";
const FINISHED: &str = "FINISHED";
const FINISHED_WITH_ERRORS: &str = "FINISHED_WITH_ERRORS";

/// How a file will end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileFate {
    /// As its rows deserve.
    Usual,
    /// Never.
    Stuck,
    /// With this status, and nothing is applied.
    Ends(String),
}

/// Why a row was refused.
#[derive(Clone, Debug, Serialize)]
pub struct RowError {
    /// Row of the sheet or number of the offer, from 1.
    pub row: usize,
    pub sku: String,
    pub message: String,
}

/// An uploaded price list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PriceFile {
    pub id: String,
    #[serde(rename = "merchantUid")]
    pub merchant: String,
    pub file_name: String,
    pub status: String,
    pub created_at: String,
    pub finished_at: Option<String>,
    pub total: usize,
    pub errors: Vec<RowError>,
    /// The skus of the file, for the protocol of single offers.
    #[serde(skip)]
    pub skus: BTreeSet<String>,
    #[serde(skip)]
    rows: Vec<Row>,
    #[serde(skip)]
    fate: FileFate,
}

impl PriceFile {
    pub fn is_finished(&self) -> bool {
        self.finished_at.is_some()
    }
}

impl Market {
    /// Takes a readable file; its processing begins later. Returns its id.
    pub fn add_file(&mut self, merchant: &str, name: &str, rows: Vec<Row>, fate: FileFate) -> String {
        let number = self
            .files
            .last_key_value()
            .map_or(1, |(last, _)| last.saturating_add(1));
        let id = self.token();
        let file = PriceFile {
            id: id.clone(),
            merchant: merchant.to_owned(),
            file_name: name.to_owned(),
            status: UPLOADED.to_owned(),
            created_at: self.now_text(),
            finished_at: None,
            total: rows.len(),
            errors: Vec::new(),
            skus: rows.iter().map(|row| row.sku.clone()).collect(),
            rows,
            fate,
        };
        self.files.insert(number, file);
        if self.files.len() > FILES_MAX {
            self.files.pop_first();
        }
        let due = self.due(self.limits.file_uploaded_seconds);
        self.events.insert((due, Event::FileTaken(number)));
        id
    }

    /// The newest file of a merchant.
    pub fn last_file(&self, merchant: &str) -> Option<&PriceFile> {
        self.files.values().rev().find(|file| file.merchant == merchant)
    }

    /// Lets every unfinished file of a merchant end with this status; returns how many there were.
    pub fn end_files(&mut self, merchant: &str, status: &str) -> usize {
        let now = self.now_text();
        let open = self
            .files
            .values_mut()
            .filter(|file| file.merchant == merchant && !file.is_finished());
        open.map(|file| {
            file.status = status.to_owned();
            file.finished_at = Some(now.clone());
            file.rows = Vec::new();
        })
        .count()
    }

    pub(super) fn take_file(&mut self, number: u64) {
        let due = self.due(self.limits.file_processing_seconds);
        let Some(file) = self.files.get_mut(&number).filter(|file| !file.is_finished()) else {
            return;
        };
        file.status = PROCESSING.to_owned();
        if file.fate != FileFate::Stuck {
            self.events.insert((due, Event::FileDone(number)));
        }
    }

    pub(super) fn finish_file(&mut self, number: u64) {
        let now = self.now_text();
        let Some(file) = self.files.get_mut(&number).filter(|file| !file.is_finished()) else {
            return;
        };
        file.finished_at = Some(now);
        let merchant = file.merchant.clone();
        let rows = std::mem::take(&mut file.rows);
        if let FileFate::Ends(status) = &file.fate {
            file.status = status.clone();
            return;
        }
        let mut errors = Vec::new();
        let mut changes = Vec::new();
        let mut named = BTreeSet::new();
        for row in rows {
            let result = row.read.and_then(|change| {
                if self.offer(&merchant, &row.sku).is_none() {
                    Err("unknown sku".to_owned())
                } else if named.insert(row.sku.clone()) {
                    Ok(change)
                } else {
                    Err("duplicate sku".to_owned())
                }
            });
            match result {
                Ok(change) => changes.push(change),
                Err(message) => errors.push(RowError {
                    row: row.number,
                    sku: row.sku,
                    message,
                }),
            }
        }
        if self.limits.file_replaces {
            changes.extend(self.withdrawals(&merchant, &named));
        }
        let later = self
            .limits
            .apply_public_seconds
            .saturating_sub(self.limits.apply_list_seconds);
        let times = (self.now_ms(), self.due(later));
        for change in changes {
            self.accept_for(&merchant, change, Fate::Applied, times);
        }
        if let Some(file) = self.files.get_mut(&number) {
            file.status = match errors.is_empty() {
                true => FINISHED.to_owned(),
                false => FINISHED_WITH_ERRORS.to_owned(),
            };
            file.errors = errors;
        }
    }

    /// The changes that take everything off sale which a file did not name.
    fn withdrawals(&self, merchant: &str, named: &BTreeSet<String>) -> Vec<Change> {
        let shelf = self.shelves.get(merchant).into_iter();
        let left_out = shelf
            .flat_map(|shelf| shelf.iter())
            .filter(|offer| !named.contains(&offer.sku) && offer.listed.on_sale());
        left_out
            .map(|offer| Change {
                sku: offer.sku.clone(),
                price: None,
                city_prices: None::<BTreeMap<String, i64>>,
                availabilities: Some(
                    offer
                        .listed
                        .availabilities
                        .iter()
                        .map(|availability| Availability {
                            available: false,
                            pre_order: 0,
                            ..availability.clone()
                        })
                        .collect(),
                ),
            })
            .collect()
    }
}
