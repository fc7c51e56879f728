//! What the API is asked, and what it answers.

use std::collections::HashMap;

use axum::http::{HeaderMap, Method};
use serde_json::{Value, json};

/// A request as far as the API needs it.
pub(super) struct Question {
    /// The method.
    pub(crate) method: Method,
    /// The path after `/api/v4/`, decoded segment by segment.
    pub(crate) path: Vec<String>,
    /// The query, the last of each name.
    pub(crate) query: HashMap<String, String>,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The JSON body; null if there is none.
    pub(crate) body: Value,
}

/// An answer.
pub(super) struct Reply {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Headers besides the usual ones.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The body.
    pub(crate) body: ReplyBody,
}

/// An answer's body.
pub(super) enum ReplyBody {
    /// `application/json`
    Json(Value),
    /// `text/plain`
    Text(Vec<u8>),
    /// None.
    Empty,
}

impl Reply {
    /// JSON with that status.
    pub(super) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: ReplyBody::Json(body) }
    }

    /// A refusal in GitLab's commonest shape.
    pub(super) fn message(status: u16, message: &str) -> Self {
        Self::json(status, json!({"message": message}))
    }

    /// A refusal of a record as a whole.
    pub(super) fn base(message: &str) -> Self {
        Self::json(400, json!({"message": {"base": [message]}}))
    }

    pub(super) fn missing() -> Self {
        Self::message(404, "404 Not found")
    }
}
