//! A brain that follows a script.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;

use super::{Action, Brain, BrainError, Decision, Question};

/// A brain that gives the decisions it was told to, in order, and then the last
/// one again and again; it remembers what it was asked. Clones share the script.
#[derive(Clone, Debug)]
pub struct ScriptedBrain(Arc<Mutex<Script>>);

#[derive(Debug)]
struct Script {
    coming: VecDeque<Result<Decision, BrainError>>,
    last: Result<Decision, BrainError>,
    asked: Vec<Question>,
}

impl ScriptedBrain {
    /// A brain that always replies with `text`.
    #[must_use]
    pub fn replying(text: &str) -> Self {
        Self::following([Ok(Decision {
            action: Action::Reply,
            text: Some(text.to_owned()),
            summary: None,
            sentiment: None,
            reason: None,
            attachments: Vec::new(),
        })])
    }

    /// A brain that says nothing, ever.
    #[must_use]
    pub fn silent() -> Self {
        Self::following([])
    }

    /// A brain that gives these outcomes, the last one for ever.
    pub fn following(script: impl IntoIterator<Item = Result<Decision, BrainError>>) -> Self {
        let coming: VecDeque<_> = script.into_iter().collect();
        let last = coming.back().cloned().unwrap_or(Ok(Decision {
            action: Action::StaySilent,
            text: None,
            summary: None,
            sentiment: None,
            reason: None,
            attachments: Vec::new(),
        }));
        Self(Arc::new(Mutex::new(Script {
            coming,
            last,
            asked: Vec::new(),
        })))
    }

    /// What it was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Question> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .asked
            .clone()
    }
}

#[async_trait]
impl Brain for ScriptedBrain {
    async fn decide(&self, question: &Question) -> Result<Decision, BrainError> {
        let mut script = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        script.asked.push(question.clone());
        script.coming.pop_front().unwrap_or(script.last.clone())
    }
}
