//! Names that people choose for themselves: one line of characters that are seen, so that nobody looks like another.

/// Longest name, characters.
pub const NAME_MAX: usize = 255;

/// May this be the name of a person? Neither line breaks and other controls, nor characters that only change how
/// others are shown: they turn the order of letters around or hide between them.
#[must_use]
pub fn is_name(text: &str) -> bool {
    text.chars().count() <= NAME_MAX && !text.chars().any(|c| c.is_control() || is_format(c))
}

/// A character of Unicode's category Cf (version 17).
const fn is_format(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0001}'
            | '\u{e0020}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_seen_as_they_are() {
        for good in ["", "Айгүл Сәрсен", "O’Neil-Иванова (склад)", "李", "a 😀"] {
            assert!(is_name(good), "{good}");
        }
        for bad in [
            "ad\u{202e}nim",
            "ad\u{200b}min",
            "\u{feff}admin",
            "ad\u{ad}min",
            "a\nb",
            "a\u{e0041}",
        ] {
            assert!(!is_name(bad), "{bad:?}");
        }
        assert!(is_name(&"x".repeat(NAME_MAX)) && !is_name(&"x".repeat(NAME_MAX + 1)));
    }
}
