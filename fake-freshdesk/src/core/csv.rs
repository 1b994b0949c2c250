//! Comma-separated values, as spreadsheets read and write them (RFC 4180).

/// Adds a line; cells with commas, quotes or line ends are quoted.
pub(crate) fn line<'c>(out: &mut String, cells: impl IntoIterator<Item = &'c str>) {
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(cell);
        }
    }
    out.push_str("\r\n");
}

/// The lines of a text as cells; lines without anything are left out.
pub(crate) fn lines(text: &str) -> Vec<Vec<String>> {
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = Vec::new();
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let cell = cells.last_mut();
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.into_iter().for_each(|cell| cell.push('"'));
            }
            '"' if quoted => quoted = false,
            '"' if cell.as_ref().is_none_or(|cell| cell.is_empty()) => quoted = true,
            ',' if !quoted => cells.push(String::new()),
            '\r' if !quoted && letters.peek() == Some(&'\n') => {}
            '\n' if !quoted => lines.push(std::mem::replace(&mut cells, vec![String::new()])),
            letter => cell.into_iter().for_each(|cell| cell.push(letter)),
        }
    }
    lines.push(cells);
    lines.retain(|cells| cells.iter().any(|cell| !cell.is_empty()));
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(
            table in proptest::collection::vec(proptest::collection::vec("[a-z,\"\n\r ü]{0,6}", 1..5), 0..6)
        ) {
            let mut text = String::new();
            for cells in &table {
                line(&mut text, cells.iter().map(String::as_str));
            }
            let blank = |cells: &&Vec<String>| cells.iter().any(|cell| !cell.is_empty());
            let table: Vec<Vec<String>> = table.iter().filter(blank).cloned().collect();
            prop_assert_eq!(lines(&text), table);
        }
    }

    #[test]
    fn other_line_ends_and_a_byte_order_mark_are_read() {
        assert_eq!(
            lines("\u{feff}a,b\n\n\"c\nd\",e"),
            [["a", "b"], ["c\nd", "e"]]
        );
    }
}
