//! Bridges that ask their brain otherwise, or take its word for something else.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reference_bridge::brain::{Action, BrainError, Decision, Question, Role};
use reference_bridge::{Brain, Clock};

use super::{Defect, KnownBad};

type Twist = fn(&Question, &Clock, Decision) -> Result<Decision, BrainError>;

const fn bad(
    name: &'static str,
    clause: &'static str,
    layer: fn(Arc<dyn Brain>, Clock) -> Arc<dyn Brain>,
) -> KnownBad {
    KnownBad {
        name,
        clause,
        defect: Defect::Brain(layer),
    }
}

pub(super) const ALL: &[KnownBad] = &[
    bad(
        "takes a late webhook for old news",
        "WHK-5",
        |inner, clock| {
            twisted(inner, clock, |question, clock, mut decision| {
                let newest = question
                    .messages
                    .iter()
                    .rev()
                    .find(|message| message.role == Role::Customer);
                let old = newest.is_some_and(|message| {
                    let age = clock.now().duration_since(message.at);
                    Duration::try_from(age).is_ok_and(|age| age > Duration::from_secs(240))
                });
                if old {
                    decision.action = Action::StaySilent;
                }
                Ok(decision)
            })
        },
    ),
    bad(
        "leaves the sentiment out of the note",
        "HND-1",
        |inner, clock| {
            twisted(inner, clock, |_, _, mut decision| {
                decision.sentiment = None;
                Ok(decision)
            })
        },
    ),
    bad("attaches nothing", "LIM-4", |inner, clock| {
        twisted(inner, clock, |_, _, mut decision| {
            decision.attachments.clear();
            Ok(decision)
        })
    }),
    bad(
        "loses the text when attachments are too big",
        "LIM-5",
        |inner, clock| {
            twisted(inner, clock, |_, _, mut decision| {
                let bytes: usize = decision
                    .attachments
                    .iter()
                    .map(|file| file.bytes_base64.len() / 4 * 3)
                    .sum();
                if bytes > 20 * 1024 * 1024 {
                    decision.action = Action::StaySilent;
                }
                Ok(decision)
            })
        },
    ),
];

struct Twisted {
    inner: Arc<dyn Brain>,
    clock: Clock,
    twist: Twist,
}

fn twisted(inner: Arc<dyn Brain>, clock: Clock, twist: Twist) -> Arc<dyn Brain> {
    Arc::new(Twisted {
        inner,
        clock,
        twist,
    })
}

#[async_trait]
impl Brain for Twisted {
    async fn decide(&self, question: &Question) -> Result<Decision, BrainError> {
        let decision = self.inner.decide(question).await?;
        (self.twist)(question, &self.clock, decision)
    }
}
