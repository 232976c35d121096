//! Placeholder until the module arrives.
/// Default data directory.
#[must_use]
pub fn default_data_dir(home: Option<&str>, xdg_data_home: Option<&str>) -> std::path::PathBuf {
    let base = xdg_data_home
        .map(std::path::PathBuf::from)
        .or_else(|| home.map(|h| std::path::Path::new(h).join(".local/share")));
    base.unwrap_or_else(|| "/var/lib".into()).join("kaspi-panel")
}
