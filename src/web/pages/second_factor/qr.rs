//! The picture of an address for a telephone's camera: which squares are dark, as one path of an SVG drawing.

use qrcode::{Color, EcLevel, QrCode};

/// Light squares around the picture, as the standard wants them.
const MARGIN: usize = 4;

/// A picture: its side in squares, margins included, and the path of its dark squares.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) side: usize,
    pub(super) path: String,
}

/// The picture of `text`; `None` where it is too long for one.
pub(super) fn picture(text: &str) -> Option<Picture> {
    let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M).ok()?;
    let width = code.width();
    let colors = code.to_colors();
    let mut path = String::new();
    for (y, row) in colors.chunks(width).enumerate() {
        for (x, color) in row.iter().enumerate() {
            if *color == Color::Dark {
                path.push_str(&format!("M{} {}h1v1h-1z", x + MARGIN, y + MARGIN));
            }
        }
    }
    Some(Picture {
        side: width + 2 * MARGIN,
        path,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_its_three_corners_and_a_margin() {
        let picture = picture("otpauth://totp/a:b?secret=ABC").unwrap();
        let last = picture.side - MARGIN - 1;
        for (x, y, dark) in [
            (MARGIN, MARGIN, true),
            (last, MARGIN, true),
            (MARGIN, last, true),
            (MARGIN - 1, MARGIN, false),
            (MARGIN + 1, MARGIN + 1, false),
        ] {
            assert_eq!(picture.path.contains(&format!("M{x} {y}h1")), dark, "{x} {y}");
        }
        assert!(super::picture(&"a".repeat(5_000)).is_none());
    }
}
