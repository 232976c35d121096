//! Where the crash tests want a process of a debug build to end. No setting of the product: release builds do not
//! have it.

/// A place of [`crate::fail_points`] at which this process is to end or to stand still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailPoint {
    /// Name of the place.
    pub name: String,
    /// At which pass of it, from 1.
    pub count: u32,
    /// Stand still instead of ending.
    pub freeze: bool,
}

/// The fail-point of `KASPI_PANEL_FAIL_POINT`, written as `claimed:1:kill` or `cleared:3:freeze`.
pub fn fail_point() -> Option<FailPoint> {
    let (_, text) = std::env::vars().find(|(name, _)| name == "KASPI_PANEL_FAIL_POINT")?;
    read(&text)
}

fn read(text: &str) -> Option<FailPoint> {
    let mut parts = text.split(':');
    Some(FailPoint {
        name: parts.next()?.to_owned(),
        count: parts.next()?.parse().ok()?,
        freeze: parts.next()? == "freeze",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fail_point_is_a_name_a_count_and_what_happens() {
        let point = |name: &str, count, freeze| {
            let name = name.to_owned();
            Some(FailPoint { name, count, freeze })
        };
        assert_eq!(read("claimed:1:kill"), point("claimed", 1, false));
        assert_eq!(read("cleared:3:freeze"), point("cleared", 3, true));
        assert_eq!(read("claimed"), None);
        assert_eq!(read("claimed:x:kill"), None);
    }
}
