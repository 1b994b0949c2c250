//! Reads a seed file.

use std::path::Path;

use serde_json::Value;

/// The file as JSON, or what is wrong with it and where.
pub(crate) fn read(path: &Path) -> Result<Value, String> {
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|error| format!("--seed-file {shown}: {error}"))?;
    let text = String::from_utf8(bytes)
        .map_err(|error| format!("--seed-file {shown}: not UTF-8 ({error})"))?;
    serde_saphyr::from_str(&text).map_err(|error| format!("--seed-file {shown}: {error}"))
}
