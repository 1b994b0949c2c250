//! A decision as a turn: the writes that carry it out, in order.

use super::Look;
use crate::{
    brain::{Action, AnswerFile, Decision, NotBase64},
    policies::HandoffOrder,
    session::{AiClosureType, EntryKind, Handoff, HandoffTarget, Sentiment},
    settings::Mode,
    store::Write,
    turn::{OutgoingFile, Progress, Purpose, Step, TicketUpdate, Turn, TurnState},
};

/// The turn for a decision, or `None` when there is nothing to write. Marks the
/// session where the decision changes it at once: a handoff flags it before
/// anything is written to Freshdesk (HND-1, oq 12).
pub(super) fn turn(
    look: &mut Look<'_>,
    decision: Decision,
    answers: Vec<String>,
    resumed: bool,
) -> Option<Turn> {
    let id = format!("turn_{}", look.desk.entropy.hex::<12>());
    let assist = look.mode() == Mode::Assist;
    let said = decision
        .text
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(ToOwned::to_owned);
    let action = match decision.action {
        // A new ticket that a rep owns may be answered, but is the rep's to resolve (oq 15).
        Action::Resolve if look.is_a_reps() => Action::Reply,
        action => action,
    };
    let (purpose, mut steps) = match (action, assist, said) {
        (Action::StaySilent, _, _) | (Action::Reply, _, None) | (Action::Resolve, true, None) => {
            (Purpose::Resume, Vec::new())
        }
        (Action::Reply | Action::Resolve, true, Some(text)) => {
            let footer = look.connection.settings.assist_mode_footer.as_deref();
            let text = with_footer(text, footer);
            let (text, files) = attach(look, &id, text, decision.attachments);
            let note = Step::Note {
                text,
                entry: EntryKind::AiDraft,
                files,
            };
            (Purpose::Draft, vec![note])
        }
        (Action::Reply, false, Some(text)) => {
            let step = reply(look, &id, text, decision.attachments);
            (Purpose::Reply, vec![step])
        }
        (Action::Handoff, _, said) => {
            let public = said.filter(|_| !assist);
            hand_off(look, &id, public, decision)
        }
        (Action::Resolve, false, said) => resolve(look, &id, said, decision),
    };
    let mut update = TicketUpdate::default();
    let posts = steps.iter().any(Step::is_post);
    if posts && !look.session.tagged.contains(&look.mode()) {
        update.add_tags = tags(look.mode());
    }
    let marker = &look.connection.settings.marker_field;
    if let Purpose::Handoff(handoff) = &purpose {
        look.session.handed_off = true;
        update.marker = Some((marker.clone(), true));
        look.add_event("handoff", &handoff.summary);
    } else if resumed {
        // Otherwise the next handoff would be no change, and the customer's
        // routing rule would not fire (oq 7).
        update.marker = Some((marker.clone(), false));
    }
    if let Purpose::Resolve { .. } = purpose {
        update.status = Some(4);
    }
    if update != TicketUpdate::default() {
        steps.push(Step::Update(update));
    }
    if steps.is_empty() {
        return None;
    }
    if look.desk.policies.handoff_order == HandoffOrder::RouteThenNote
        && matches!(purpose, Purpose::Handoff(_))
    {
        steps.rotate_right(1);
    }
    Some(Turn {
        id,
        account: look.session.account.clone(),
        ticket_id: look.session.ticket_id,
        session_id: look.session.id.clone(),
        purpose,
        answers,
        steps: steps
            .into_iter()
            .map(|step| (step, Progress::Todo))
            .collect(),
        state: TurnState::Open,
        created_at: look.desk.clock.now(),
        owner: look.snapshot.ticket.responder_id,
        handoff_before: None,
        sends: 0,
    })
}

/// The tags of a mode (FLW-4, FLW-5).
fn tags(mode: Mode) -> Vec<String> {
    let of_mode = match mode {
        Mode::Assist => "opencx_assist_mode",
        Mode::Autopilot | Mode::Off => "opencx_autopilot",
    };
    vec!["opencx".to_owned(), of_mode.to_owned()]
}

fn with_footer(text: String, footer: Option<&str>) -> String {
    match footer.map(str::trim).filter(|footer| !footer.is_empty()) {
        Some(footer) => format!("{text}\n\n{footer}"),
        None => text,
    }
}

fn reply(look: &mut Look<'_>, turn_id: &str, text: String, files: Vec<AnswerFile>) -> Step {
    let (text, files) = attach(look, turn_id, text, files);
    Step::Reply { text, files }
}

/// Text first if there is any, then the private note, then the routing (HND-1,
/// oq 11); the routing is in the turn's update.
fn hand_off(
    look: &mut Look<'_>,
    turn_id: &str,
    public: Option<String>,
    decision: Decision,
) -> (Purpose, Vec<Step>) {
    let settings = &look.connection.settings;
    let target = HandoffTarget {
        agent_id: settings.handoff_agent_id,
        group_id: settings.handoff_group_id,
    };
    let summary = decision
        .summary
        .filter(|summary| !summary.trim().is_empty())
        .or(decision.reason)
        .unwrap_or_else(|| "The AI could not resolve this conversation.".to_owned());
    let handoff = Handoff {
        summary: summary.clone(),
        sentiment: decision.sentiment,
        target,
    };
    let mut steps = Vec::new();
    if let Some(text) = public {
        steps.push(reply(look, turn_id, text, decision.attachments));
    }
    steps.push(note("AI handoff", &summary, decision.sentiment));
    (Purpose::Handoff(handoff), steps)
}

fn resolve(
    look: &mut Look<'_>,
    turn_id: &str,
    said: Option<String>,
    decision: Decision,
) -> (Purpose, Vec<Step>) {
    let summary = decision
        .summary
        .filter(|summary| !summary.trim().is_empty())
        .or(decision.reason)
        .unwrap_or_else(|| "The AI resolved this conversation.".to_owned());
    let mut steps = Vec::new();
    if let Some(text) = said {
        steps.push(reply(look, turn_id, text, decision.attachments));
    }
    steps.push(note("AI resolution", &summary, decision.sentiment));
    let purpose = Purpose::Resolve {
        summary,
        sentiment: decision.sentiment,
        closure: AiClosureType::Resolved,
    };
    (purpose, steps)
}

fn note(title: &str, summary: &str, sentiment: Option<Sentiment>) -> Step {
    let sentiment = sentiment.map_or("unknown", Sentiment::as_str);
    Step::Note {
        text: format!("{title}\n\nSummary: {summary}\n\nSentiment: {sentiment}"),
        entry: EntryKind::AgentComment,
        files: Vec::new(),
    }
}

/// Attaches in order while the total fits, and names what was left out (LIM-5).
/// The files' contents go down with the turn.
fn attach(
    look: &mut Look<'_>,
    turn_id: &str,
    mut text: String,
    files: Vec<AnswerFile>,
) -> (String, Vec<OutgoingFile>) {
    let mut left = look.desk.policies.attachment_bytes as u64;
    let mut taken = Vec::new();
    let (mut too_large, mut unreadable) = (Vec::new(), Vec::new());
    for file in files {
        match file.bytes_base64.content_len() {
            Ok(size) if size <= left => {
                left -= size;
                let number = taken.len();
                look.writes.push(Write::File {
                    turn_id: turn_id.to_owned(),
                    number,
                    content: file.bytes_base64,
                });
                taken.push(OutgoingFile {
                    number,
                    name: file.name,
                    content_type: file.content_type,
                    size,
                });
            }
            Ok(_) => too_large.push(file.name),
            Err(NotBase64) => unreadable.push(file.name),
        }
    }
    for (why, names) in [
        ("for their size", too_large),
        ("for they cannot be read", unreadable),
    ] {
        if !names.is_empty() {
            text += &format!("\n\nNot attached, {why}: {}", names.join(", "));
        }
    }
    (text, taken)
}
