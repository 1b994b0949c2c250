//! `docs/fidelity.md` names every switch with its default.

use serde_json::Value;

use crate::world::World;

#[tokio::test(start_paused = true)]
async fn every_switch_is_written_down_with_its_default() {
    let world = World::new("growth").await;
    let settings = world.act("GET", "", Value::Null).await["settings"].clone();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/fidelity.md");
    let text = std::fs::read_to_string(path).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            line.split('|')
                .map(|cell| cell.trim().trim_matches('`'))
                .collect()
        })
        .collect();
    for (name, default) in settings.as_object().unwrap() {
        let row = rows
            .iter()
            .find(|row| row[1] == name)
            .unwrap_or_else(|| panic!("{name} is not in docs/fidelity.md"));
        let written = row[2];
        let same = match default {
            Value::Number(number) => written.parse::<f64>().ok() == number.as_f64(),
            Value::String(text) => written == text,
            Value::Array(list) => {
                let numbers = written
                    .trim_matches(['[', ']'])
                    .split(',')
                    .map(|number| number.trim().parse::<f64>().ok());
                numbers.eq(list.iter().map(Value::as_f64))
            }
            other => *other == serde_json::from_str::<Value>(written).unwrap(),
        };
        assert!(
            same,
            "{name}: the default is {default}, docs/fidelity.md says {written}"
        );
    }
    let table = text
        .split("## Switches")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    for name in table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
    {
        assert!(
            settings.get(name).is_some(),
            "docs/fidelity.md names {name}, which is no setting"
        );
    }
}
