//! The records as rows: most are one JSON document beside the columns that are
//! searched.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    settings::{AgentIdentity, Connection, ConnectionState, Settings},
    store::{Seal, StoreError},
};

/// A connection as it is stored: the key is sealed.
#[derive(Serialize, Deserialize)]
struct StoredConnection {
    settings: Settings,
    sealed_key: String,
    agent: AgentIdentity,
    webhook_token: String,
    state: ConnectionState,
    connected_at: Timestamp,
}

pub(in crate::store) fn connection_doc(
    connection: &Connection,
    seal: &Seal,
) -> Result<String, StoreError> {
    doc(&StoredConnection {
        sealed_key: seal.close(&connection.settings.domain, &connection.api_key)?,
        settings: connection.settings.clone(),
        agent: connection.agent.clone(),
        webhook_token: connection.webhook_token.clone(),
        state: connection.state.clone(),
        connected_at: connection.connected_at,
    })
}

pub(in crate::store) fn read_connection(text: &str, seal: &Seal) -> Result<Connection, StoreError> {
    let stored: StoredConnection = read_doc(text)?;
    Ok(Connection {
        api_key: seal.open(&stored.settings.domain, &stored.sealed_key)?,
        settings: stored.settings,
        agent: stored.agent,
        webhook_token: stored.webhook_token,
        state: stored.state,
        connected_at: stored.connected_at,
    })
}

pub(in crate::store) fn doc<T: Serialize>(record: &T) -> Result<String, StoreError> {
    serde_json::to_string(record).map_err(|error| StoreError(error.to_string()))
}

pub(in crate::store) fn read_doc<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text)
        .map_err(|error| StoreError(format!("a stored record cannot be read: {error}")))
}

pub(in crate::store) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

pub(in crate::store) fn index(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

pub(in crate::store) fn timestamp(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self(error.to_string())
    }
}
