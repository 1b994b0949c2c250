//! Which messages in a thread are the bridge's own (FLW-6, oq 20).

/// What is known of a conversation when its author is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageFacts {
    /// The conversation.
    pub conversation_id: i64,
    /// Its author, if Freshdesk names one.
    pub user_id: Option<i64>,
    /// The OpenCX agent.
    pub ai_agent_id: i64,
    /// Whether the sent log has it.
    pub in_sent_log: bool,
}

/// Which messages are the bridge's own.
pub trait Recognition: Send + Sync {
    /// Whether the bridge wrote it.
    fn is_own(&self, facts: &MessageFacts) -> bool;
}

/// The author is the OpenCX agent, or the sent log has it: the author alone
/// fails after an agent was replaced, the log alone after a crash.
#[derive(Clone, Copy, Debug)]
pub struct AuthorOrLog;

impl Recognition for AuthorOrLog {
    fn is_own(&self, facts: &MessageFacts) -> bool {
        facts.in_sent_log || facts.user_id == Some(facts.ai_agent_id)
    }
}
