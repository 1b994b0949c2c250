//! What the scripted brain says: one word, or a decision with its details.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::duration::HumanDuration;

/// What the AI does with a message: a word such as `reply`, or a decision with
/// its details, such as `{ action: reply, text: Hello, after: 30s }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum BrainAnswer {
    /// Only what it does.
    Word(BrainAction),
    /// What it does, and how.
    Full(Box<BrainDecision>),
}

impl BrainAnswer {
    /// The decision, with the defaults of a word.
    pub fn decision(&self) -> BrainDecision {
        match self {
            Self::Word(action) => BrainDecision {
                action: *action,
                ..BrainDecision::default()
            },
            Self::Full(decision) => (**decision).clone(),
        }
    }
}

impl Default for BrainAnswer {
    fn default() -> Self {
        Self::Word(BrainAction::Reply)
    }
}

impl<'de> Deserialize<'de> for BrainAnswer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = BrainAnswer;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a word such as `reply`, or `{ action: reply, … }`")
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<BrainAnswer, E> {
                BrainAction::deserialize(de::value::StrDeserializer::new(word))
                    .map(BrainAnswer::Word)
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<BrainAnswer, A::Error> {
                BrainDecision::deserialize(de::value::MapAccessDeserializer::new(map))
                    .map(|decision| BrainAnswer::Full(Box::new(decision)))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// What the AI does with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BrainAction {
    /// It replies.
    #[default]
    Reply,
    /// It hands off.
    Handoff,
    /// It resolves the ticket.
    Resolve,
    /// It says nothing.
    StaySilent,
    /// It fails: the bridge gets a 503.
    Fail,
    /// It answers with something that is no decision.
    Nonsense,
}

/// A decision of the AI with its details.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BrainDecision {
    /// What it does.
    pub action: BrainAction,
    /// What it says to the customer. Default: for a reply, thanks with a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its private summary. Default: for a handoff or resolution, one with a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The customer's mood: `angry`, `neutral` or `happy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<String>,
    /// Files on the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<BrainFile>,
    /// How long it thinks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<HumanDuration>,
}

/// A file of a size, on an answer of the AI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BrainFile {
    /// Its name.
    pub name: String,
    /// How many bytes it has.
    pub bytes: usize,
}
