//! The archive of a workbook before anybody reads it: its parts, and what they really unfold to.

use std::io::{Cursor, Read};

use aho_corasick::AhoCorasick;
use zip::{CompressionMethod, ZipArchive};

use super::Refused;
use crate::domain::imports::ImportRefusal;

/// Most parts.
const PARTS_MAX: usize = 100;
/// Most bytes that all parts together unfold to.
const UNFOLDED_MAX: usize = 50 * 1024 * 1024;
/// How many times its size a part may unfold to.
const RATIO_MAX: usize = 100;
/// A part that unfolds to no more than this may be as repetitive as it likes.
const RATIO_FREE: usize = 100 * 1024;

const CONTENT_TYPES: &str = "[Content_Types].xml";
/// The one kind of workbook that is taken: templates and those with macros have other kinds.
const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";

/// Words in a part, in whatever case, and why a file with them is refused.
const WORDS: [(&str, ImportRefusal); 8] = [
    ("<!doctype", ImportRefusal::Entities),
    ("<!entity", ImportRefusal::Entities),
    ("macroenabled", ImportRefusal::Macros),
    ("vbaproject", ImportRefusal::Macros),
    ("relationships/externallink", ImportRefusal::ExternalLinks),
    ("relationships/oleobject", ImportRefusal::ExternalLinks),
    ("relationships/connections", ImportRefusal::ExternalLinks),
    ("relationships/querytable", ImportRefusal::ExternalLinks),
];

/// Beginnings of names of parts, and why a file with them is refused.
const PARTS: &[(&str, ImportRefusal)] = &[
    ("xl/vbaproject", ImportRefusal::Macros),
    ("xl/macrosheets/", ImportRefusal::Macros),
    ("xl/dialogsheets/", ImportRefusal::Macros),
    ("xl/activex/", ImportRefusal::Macros),
    ("xl/externallinks/", ImportRefusal::ExternalLinks),
    ("xl/embeddings/", ImportRefusal::ExternalLinks),
    ("xl/connections", ImportRefusal::ExternalLinks),
    ("xl/querytables/", ImportRefusal::ExternalLinks),
    ("xl/model/", ImportRefusal::ExternalLinks),
];

/// Unfolds every part once, in small pieces, and throws it away.
///
/// # Errors
/// Why the file is refused.
pub fn check(bytes: &[u8]) -> Result<(), Refused> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| ImportRefusal::Damaged)?;
    if archive.len() > PARTS_MAX {
        return Err(ImportRefusal::OddParts.into());
    }
    let words = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(WORDS.map(|(word, _)| word))
        .map_err(|_| ImportRefusal::Damaged)?;
    let mut left = UNFOLDED_MAX;
    let mut types = Vec::new();
    let mut links = false;
    for index in 0..archive.len() {
        // Without its key an encrypted part cannot be opened at all; looked at raw it says what it is.
        let raw = archive.by_index_raw(index).map_err(|_| ImportRefusal::Damaged)?;
        if raw.encrypted() {
            return Err(ImportRefusal::Encrypted.into());
        }
        if !matches!(
            raw.compression(),
            CompressionMethod::Stored | CompressionMethod::Deflated
        ) {
            return Err(ImportRefusal::OddParts.into());
        }
        let name = raw.name().map_err(|_| ImportRefusal::OddParts)?.into_owned();
        drop(raw);
        part_name(&name)?;
        let part = archive.by_index(index).map_err(|_| ImportRefusal::Damaged)?;
        let allowed = usize::try_from(part.compressed_size())
            .unwrap_or(usize::MAX)
            .min(bytes.len())
            .saturating_mul(RATIO_MAX)
            .max(RATIO_FREE);
        let mut look = Look::new(&name, &words);
        left -= unfold(part, allowed, left, &mut look)?;
        if name == CONTENT_TYPES {
            types = look.kept;
        }
        links |= look.external;
    }
    if !String::from_utf8_lossy(&types).contains(WORKBOOK) {
        return Err(ImportRefusal::TypeMismatch.into());
    }
    if links {
        return Err(ImportRefusal::ExternalLinks.into());
    }
    Ok(())
}

fn part_name(name: &str) -> Result<(), Refused> {
    let odd = name.starts_with('/')
        || name.contains(['\\', ':', '\0'])
        || name.split('/').any(|step| step == ".." || step == ".");
    if odd {
        return Err(ImportRefusal::OddParts.into());
    }
    let lower = name.to_lowercase();
    match PARTS.iter().find(|(start, _)| lower.starts_with(start)) {
        Some((_, code)) => Err((*code).into()),
        None => Ok(()),
    }
}

/// Reads a part to its end and gives its size.
fn unfold(mut part: impl Read, allowed: usize, left: usize, look: &mut Look<'_>) -> Result<usize, Refused> {
    let mut buffer = [0; 16 * 1024];
    let mut size = 0_usize;
    loop {
        let read = part.read(&mut buffer).map_err(|_| ImportRefusal::Damaged)?;
        if read == 0 {
            look.end();
            return Ok(size);
        }
        size = size.saturating_add(read);
        if size > allowed || size > left {
            return Err(ImportRefusal::Bomb.into());
        }
        look.at(buffer.get(..read).unwrap_or_default())?;
    }
}

/// Looks for words in what streams by, across the borders of its pieces.
struct Look<'w> {
    /// What is looked for, where it is a part with words in it.
    words: Option<&'w AhoCorasick>,
    /// A list of relations: does one of them lead out of the file?
    relations: bool,
    external: bool,
    /// The end of the piece before.
    tail: Vec<u8>,
    /// The whole part, of those that are small and wanted.
    kept: Vec<u8>,
    keep: bool,
}

/// Longest word looked for.
const WORD_MAX: usize = 40;
/// Largest list of types or relations.
const KEPT_MAX: usize = 4 * 1024 * 1024;

impl<'w> Look<'w> {
    fn new(name: &str, words: &'w AhoCorasick) -> Self {
        let lower = name.to_lowercase();
        let relations = lower.ends_with(".rels");
        Self {
            words: (relations || lower.ends_with(".xml") || lower.ends_with(".vml")).then_some(words),
            relations,
            external: false,
            tail: Vec::new(),
            kept: Vec::new(),
            keep: relations || name == CONTENT_TYPES,
        }
    }

    fn at(&mut self, piece: &[u8]) -> Result<(), Refused> {
        if self.keep {
            if self.kept.len() + piece.len() > KEPT_MAX {
                return Err(ImportRefusal::OddParts.into());
            }
            self.kept.extend_from_slice(piece);
        }
        let Some(words) = self.words else { return Ok(()) };
        // Other letters than those of one byte would hide the words from this look, and from nobody else.
        if self.tail.is_empty() && (piece.starts_with(&[0xFF, 0xFE]) || piece.starts_with(&[0xFE, 0xFF])) {
            return Err(ImportRefusal::Damaged.into());
        }
        self.tail.extend_from_slice(piece);
        if let Some(found) = words.find(&self.tail)
            && let Some((_, code)) = WORDS.get(found.pattern().as_usize())
        {
            return Err((*code).into());
        }
        let done = self.tail.len().saturating_sub(WORD_MAX);
        self.tail.drain(..done);
        Ok(())
    }

    /// A link of a cell to a page is only text for whoever clicks it; everything else outside would be fetched.
    fn end(&mut self) {
        if !self.relations {
            return;
        }
        let text = String::from_utf8_lossy(&self.kept).to_lowercase();
        self.external = text.split("<relationship ").any(|relation| {
            let relation = relation.split('>').next().unwrap_or_default();
            relation.contains("\"external\"") && !relation.contains("relationships/hyperlink")
                || relation.contains("'external'") && !relation.contains("relationships/hyperlink")
        });
    }
}
