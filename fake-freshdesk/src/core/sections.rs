//! Sections of the ticket form: fields that show only while a dropdown has
//! one of certain values. [D]

use serde::{Deserialize, Serialize};

use super::account::Account;
use super::fields::Field;
use super::time::Ms;

/// A section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Section {
    pub(crate) id: i64,
    pub(crate) label: String,
    /// The dropdown whose value decides.
    pub(crate) parent: i64,
    /// The choices for which it shows.
    pub(crate) choice_ids: Vec<i64>,
    /// The fields that stand in it, in order.
    pub(crate) field_ids: Vec<i64>,
    pub(crate) created_at: Ms,
    pub(crate) updated_at: Ms,
}

/// May a field of this type have sections? [D: dropdowns]
pub(crate) fn has_sections(kind: &str) -> bool {
    matches!(kind, "default_ticket_type" | "custom_dropdown")
}

impl Account {
    /// The sections of a dropdown.
    pub(crate) fn sections_of(&self, parent: i64) -> impl Iterator<Item = &Section> {
        let sections = self.sections.values();
        sections.filter(move |section| section.parent == parent)
    }

    /// The sections that a field stands in, and its place there, from 1.
    pub(crate) fn sections_with(&self, field: i64) -> impl Iterator<Item = (&Section, usize)> {
        self.sections.values().filter_map(move |section| {
            let at = section.field_ids.iter().position(|id| *id == field)?;
            Some((section, at + 1))
        })
    }

    /// Does a field show, when `chosen` tells the values of dropdowns? One that
    /// is in no section always does.
    pub(crate) fn shows(&self, field: &Field, chosen: impl Fn(&Field) -> Option<String>) -> bool {
        let mut sections = self.sections_with(field.id).peekable();
        if sections.peek().is_none() {
            return true;
        }
        sections.any(|(section, _)| {
            let parent = self.fields.iter().find(|field| field.id == section.parent);
            parent.is_some_and(|parent| {
                let value = chosen(parent);
                let choice = parent
                    .choices
                    .iter()
                    .find(|choice| Some(&choice.value) == value.as_ref());
                choice.is_some_and(|choice| section.choice_ids.contains(&choice.id))
            })
        })
    }

    /// After fields or choices went: sections of what is gone go, too.
    pub(crate) fn tidy_sections(&mut self) {
        if self.sections.is_empty() {
            return;
        }
        let fields = &self.fields;
        self.sections.retain(|_, section| {
            section
                .field_ids
                .retain(|id| fields.iter().any(|field| field.id == *id));
            let parent = fields.iter().find(|field| field.id == section.parent);
            let choices = parent.map_or(&[][..], |parent| &parent.choices);
            section
                .choice_ids
                .retain(|id| choices.iter().any(|choice| choice.id == *id));
            !section.choice_ids.is_empty()
        });
    }
}
