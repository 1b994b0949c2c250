//! Verification of credentials (VER-1 to VER-7, VER-9): a plain domain, a key
//! that works, an agent who is an admin, a plan with an API. Persists nothing.

use secrecy::{ExposeSecret, SecretString};

use crate::{
    desk::Desk,
    freshdesk::{Agent, FreshdeskError},
    settings::AgentIdentity,
};

/// The words the guide's second fix looks for.
pub(crate) const FAILED: &str = "failed to verify credentials";

/// Why credentials were not verified; the texts are what the operator reads.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifyError {
    /// The domain is not a plain Freshdesk host.
    #[error(
        "{FAILED}: {problem}. Enter the plain domain, such as yourcompany.freshdesk.com, with no https:// and no path"
    )]
    Domain {
        /// What is wrong with it.
        problem: String,
    },
    /// The key does not work there.
    #[error(
        "{FAILED}: {problem}. Check the domain, and copy the key again from the OpenCX agent's Profile settings → Your API Key"
    )]
    Credentials {
        /// What Freshdesk said.
        problem: String,
    },
    /// The key's agent is no admin.
    #[error(
        "the API key's agent has no admin privileges ({problem}). Give the dedicated OpenCX agent the admin role in Freshdesk, or copy the key of an agent who has it, then verify again"
    )]
    NotAdmin {
        /// What Freshdesk said.
        problem: String,
    },
    /// The plan has no API and no webhook action.
    #[error(
        "{FAILED}: the account's Freshdesk plan has no API and no webhook action ({problem}). The integration needs Growth, Pro or Enterprise"
    )]
    Plan {
        /// What Freshdesk said.
        problem: String,
    },
    /// Freshdesk could not be asked.
    #[error("{FAILED}: Freshdesk could not be asked ({problem}). Try again in a while")]
    Unavailable {
        /// What happened.
        problem: String,
    },
}

impl VerifyError {
    /// The contract's code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Domain { .. } => "invalid_domain",
            Self::Credentials { .. } => "verification_failed",
            Self::NotAdmin { .. } => "admin_privileges_required",
            Self::Plan { .. } => "plan_not_supported",
            Self::Unavailable { .. } => "freshdesk_unavailable",
        }
    }

    fn of(error: &FreshdeskError) -> Self {
        let problem = error.to_string();
        if error.is_plan() {
            return Self::Plan { problem };
        }
        match error {
            FreshdeskError::Unauthorized => Self::Credentials { problem },
            FreshdeskError::Forbidden { .. } => Self::NotAdmin { problem },
            FreshdeskError::NotFound(_) => Self::Credentials {
                problem: "there is no Freshdesk account under this domain".to_owned(),
            },
            FreshdeskError::Refused { .. } | FreshdeskError::Nonsense(_) => {
                Self::Credentials { problem }
            }
            FreshdeskError::RateLimited { .. }
            | FreshdeskError::Unavailable(_)
            | FreshdeskError::Waited { .. }
            | FreshdeskError::Ambiguous { .. } => Self::Unavailable { problem },
        }
    }
}

/// Checks a domain before any request is made (VER-5). Upper case and spaces
/// around it are no mistake; anything else is said, not repaired (oq 36).
pub(crate) fn domain(input: &str) -> Result<String, VerifyError> {
    let domain = input.trim().to_ascii_lowercase();
    let problem = |problem: &str| VerifyError::Domain {
        problem: problem.to_owned(),
    };
    if domain.is_empty() {
        return Err(problem("the domain is empty"));
    }
    if domain.contains("://") {
        return Err(problem("the domain has a scheme"));
    }
    if domain.contains(['/', '?', '#', '\\']) {
        return Err(problem("the domain has a path"));
    }
    if domain.contains('@') {
        return Err(problem("the domain has a user name in it"));
    }
    if domain.contains(':') {
        return Err(problem("the domain has a port"));
    }
    if domain.contains(char::is_whitespace) {
        return Err(problem("the domain has a space in it"));
    }
    let Some(subdomain) = domain.strip_suffix(".freshdesk.com") else {
        return Err(if domain.contains('.') {
            problem("the domain does not end in .freshdesk.com")
        } else {
            problem("this is a bare subdomain")
        });
    };
    let plain = !subdomain.is_empty()
        && subdomain.len() <= 63
        && !subdomain.starts_with('-')
        && !subdomain.ends_with('-')
        && subdomain
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if plain {
        Ok(domain)
    } else {
        Err(problem("this is not a plain host name"))
    }
}

/// Asks Freshdesk who the key belongs to and whether they are an admin.
/// `domain` must have passed [`domain`].
pub(crate) async fn credentials(
    desk: &Desk,
    domain: &str,
    api_key: &SecretString,
) -> Result<AgentIdentity, VerifyError> {
    if api_key.expose_secret().trim().is_empty() {
        return Err(VerifyError::Credentials {
            problem: "the API key is empty".to_owned(),
        });
    }
    let freshdesk = desk.freshdesk(domain, api_key);
    let me = freshdesk
        .me()
        .await
        .map_err(|error| VerifyError::of(&error))?;
    if !me.is_active() {
        return Err(VerifyError::Credentials {
            problem: "the API key's agent is deactivated".to_owned(),
        });
    }
    let roles = freshdesk
        .roles()
        .await
        .map_err(|error| VerifyError::of(&error))?;
    let own: Vec<_> = roles
        .iter()
        .filter(|role| me.role_ids.contains(&role.id))
        .filter_map(|role| role.name.as_deref())
        .collect();
    // Reading the roles is itself the privilege; a default role that is no
    // admin's still decides, for Freshdesk hides the privileges of a role.
    const NOT_ADMIN: [&str; 3] = ["Agent", "Supervisor", "Ticket Collaborator"];
    if !own.is_empty() && own.iter().all(|name| NOT_ADMIN.contains(name)) {
        return Err(VerifyError::NotAdmin {
            problem: format!("its role is {}", own.join(", ")),
        });
    }
    Ok(identity(me))
}

fn identity(me: Agent) -> AgentIdentity {
    AgentIdentity {
        id: me.id,
        name: me.contact.name.unwrap_or_default(),
        email: me.contact.email.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_host_passes_and_is_lower_cased() {
        assert_eq!(
            domain(" YourCompany.freshdesk.com\n").unwrap(),
            "yourcompany.freshdesk.com"
        );
    }

    #[test]
    fn every_other_form_fails_with_the_right_one_shown() {
        let messages: Vec<_> = [
            "",
            "https://yourcompany.freshdesk.com",
            "yourcompany.freshdesk.com/a/tickets",
            "yourcompany.freshdesk.com:443",
            "your company.freshdesk.com",
            "yourcompany",
            "support.yourcompany.com",
            "yourcompany.freshdesk.com.evil.example",
            "user@yourcompany.freshdesk.com",
            "a.b.freshdesk.com",
            "-.freshdesk.com",
            ".freshdesk.com",
            "yourcömpany.freshdesk.com",
        ]
        .into_iter()
        .map(|input| domain(input).unwrap_err().to_string())
        .collect();
        assert!(messages.iter().all(|message| message.contains(FAILED)));
        insta::assert_yaml_snapshot!(messages);
    }
}
