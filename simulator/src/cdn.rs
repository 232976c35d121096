//! The image host: every path has a picture, drawn from the path alone. No image library is needed for a PNG that
//! holds a few flat colours and is stored without compression.

use crate::call::{Call, Reply, Trace};
use crate::market::Market;

const SIDE: u32 = 120;

/// `GET /img/m/p/{path}`
pub fn image(_: &mut Market, call: &Call, _: &mut Trace) -> Reply {
    let path = call.path.split('?').next().unwrap_or_default();
    let hash = hash(path);
    Reply::bytes("image/png", picture(hash, path))
        .with("ETag", format!("\"{hash:08x}\""))
        .with("Cache-Control", "public, max-age=86400".to_owned())
}

/// FNV-1a: enough to tell paths apart.
fn hash(path: &str) -> u32 {
    path.bytes().fold(2_166_136_261, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(16_777_619)
    })
}

/// Colours of the things: body and detail.
const PALETTES: [([u8; 3], [u8; 3]); 8] = [
    ([44, 62, 80], [149, 165, 166]),
    ([192, 57, 43], [245, 183, 177]),
    ([39, 118, 174], [174, 214, 241]),
    ([30, 132, 73], [171, 235, 198]),
    ([125, 60, 152], [215, 189, 226]),
    ([211, 121, 16], [250, 215, 160]),
    ([72, 72, 72], [204, 204, 204]),
    ([17, 122, 101], [163, 228, 215]),
];

/// A PNG with three colours: white ground, a body and a detail on it.
fn picture(hash: u32, path: &str) -> Vec<u8> {
    let index = usize::try_from(hash % 8).unwrap_or(0);
    let (body, detail) = PALETTES
        .get(index)
        .copied()
        .unwrap_or(([90, 90, 90], [200, 200, 200]));
    let mut rows = Vec::new();
    for y in 0..SIDE {
        rows.push(0); // no row filter
        rows.extend((0..SIDE).map(|x| shape(path, x, y)));
    }
    let mut png = vec![0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];
    let mut header = Vec::new();
    header.extend(SIDE.to_be_bytes());
    header.extend(SIDE.to_be_bytes());
    header.extend([8, 3, 0, 0, 0]); // 8 bits, palette
    chunk(&mut png, b"IHDR", &header);
    let palette: Vec<u8> = [[255, 255, 255], body, detail].concat();
    chunk(&mut png, b"PLTE", &palette);
    chunk(&mut png, b"IDAT", &stored(&rows));
    chunk(&mut png, b"IEND", &[]);
    png
}

/// The palette entry at a place: 0 ground, 1 body, 2 detail. The word in the path chooses the outline.
fn shape(path: &str, x: u32, y: u32) -> u8 {
    let inside = |left: u32, top: u32, right: u32, bottom: u32| {
        (left..right).contains(&x) && (top..bottom).contains(&y)
    };
    let distance = |cx: u32, cy: u32| x.abs_diff(cx).pow(2) + y.abs_diff(cy).pow(2);
    let (body, detail) = if path.contains("phone-") {
        (inside(38, 14, 82, 106), inside(42, 22, 78, 96))
    } else if path.contains("headphones-") {
        let band = distance(60, 62) < 40 * 40 && distance(60, 62) > 33 * 33 && y < 66;
        (
            band || inside(18, 58, 38, 98) || inside(82, 58, 102, 98),
            inside(32, 62, 38, 94) || inside(82, 62, 88, 94),
        )
    } else if path.contains("kettle-") {
        let handle = distance(88, 60) < 22 * 22 && distance(88, 60) > 15 * 15 && x > 84;
        (
            inside(34, 34, 86, 104) || inside(52, 22, 68, 34) || handle,
            inside(42, 50, 48, 92),
        )
    } else if path.contains("screen-") {
        (
            inside(12, 24, 108, 86) || inside(54, 86, 66, 98) || inside(38, 98, 82, 104),
            inside(17, 29, 103, 81),
        )
    } else if path.contains("round-") {
        (distance(60, 60) < 44 * 44, distance(60, 60) < 26 * 26)
    } else {
        (inside(24, 30, 96, 100), inside(32, 42, 88, 50))
    };
    match (body, detail) {
        (_, true) => 2,
        (true, false) => 1,
        (false, false) => 0,
    }
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or(0);
    png.extend(length.to_be_bytes());
    png.extend(kind);
    png.extend(data);
    png.extend(crc32(kind.iter().chain(data)).to_be_bytes());
}

/// The data in a zlib wrapper, in stored blocks.
fn stored(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut blocks = data.chunks(usize::from(u16::MAX)).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(0);
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in data {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    out.extend(((b << 16) | a).to_be_bytes());
    out
}

fn crc32<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    !crc
}
