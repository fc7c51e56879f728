//! GitLab's refusals into faults: which kind, what to tell whom, how long to wait. It must never
//! match on GitLab's words: they change between versions. They are quoted.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use ureq::http::{HeaderMap, StatusCode};

use crate::config::redact::Redactor;
use crate::ports::{Fault, FaultKind};
use crate::pull::clean::{self, cut};

/// The longest quotation of GitLab's words, in characters.
const LONGEST_QUOTE: usize = 500;

/// A call that gave no usable answer, with what GitLab said about it.
#[derive(Debug, Clone)]
pub(super) struct Quoted {
    /// The HTTP status, if there was an answer at all.
    status: Option<StatusCode>,
    /// GitLab's own words, cleaned, without the token, and cut; empty if it gave none.
    words: String,
    fault: Fault,
}

impl Quoted {
    /// No answer: the network, TLS, a deadline, or an answer that can't be read.
    pub(super) fn without_answer(fault: Fault) -> Self {
        Self { status: None, words: String::new(), fault }
    }

    /// An answer that is not success.
    pub(super) fn new(
        call: &str,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        redactor: &Redactor,
    ) -> Self {
        let words = cut(&redactor.text(&words(body)), LONGEST_QUOTE);
        let said = if words.is_empty() { String::new() } else { format!(" ({words})") };
        let fault = match status.as_u16() {
            300..=399 => Fault::misconfigured(format!(
                "{call}: GitLab sends us elsewhere ({status}): has the project been renamed, or \
                 does a login page stand before it?"
            )),
            401 => Fault::misconfigured(format!(
                "{call}: GitLab does not take the token{said}: is it expired or revoked?"
            )),
            403 => Fault::misconfigured(format!(
                "{call}: GitLab refuses{said}: the token needs the scope `api` and the role \
                 Developer"
            )),
            404 => Fault::misconfigured(format!(
                "{call}: GitLab says 404{said}: is the project's name right, and may the token \
                 see it?"
            )),
            408 | 409 | 425 | 429 | 500..=599 => {
                Fault::temporary(format!("{call}: GitLab says {status}{said}"))
            }
            _ => Fault::permanent(format!("{call}: GitLab says {status}{said}")),
        };
        let fault = match wait(headers) {
            Some(wait) if fault.kind == FaultKind::Temporary => fault.retry_after(wait),
            _ => fault,
        };
        Self { status: Some(status), words, fault }
    }

    /// Whether GitLab answered with one of these statuses.
    pub(super) fn is(&self, statuses: &[u16]) -> bool {
        self.status.is_some_and(|status| statuses.contains(&status.as_u16()))
    }

    /// The fault of a refused create: GitLab's reasons may be said in public.
    pub(super) fn of_a_create(self) -> Fault {
        let public = if self.words.is_empty() {
            "GitLab refused to make a pipeline and gave no reason".to_owned()
        } else {
            format!("GitLab refused to make a pipeline: {}", self.words)
        };
        Fault { kind: FaultKind::Permanent, ..self.fault }.saying(public)
    }
}

impl From<Quoted> for Fault {
    fn from(quoted: Quoted) -> Self {
        quoted.fault
    }
}

/// How long the server asks us to wait: `Retry-After` in seconds or as a date (RFC 9110, section
/// 10.2.3), or GitLab's `RateLimit-Reset`. Points in time are taken against the server's own
/// `Date`, so that its clock may differ from ours.
fn wait(headers: &HeaderMap) -> Option<SignedDuration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let asked = text("retry-after");
    if let Some(seconds) = asked.and_then(|text| text.trim().parse::<u32>().ok()) {
        return Some(SignedDuration::from_secs(seconds.into()));
    }
    let now = http_date(text("date")?)?;
    let until = asked.and_then(http_date).or_else(|| {
        let reset = text("ratelimit-reset")?.trim().parse().ok()?;
        Timestamp::from_second(reset).ok()
    })?;
    Some(until.duration_since(now).max(SignedDuration::ZERO))
}

fn http_date(text: &str) -> Option<Timestamp> {
    Some(jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp())
}

/// GitLab's own words in a refusal. `message` is a text, a list or an object of lists by field;
/// `error` is a text with an `error_description`; anything else (HTML of a proxy) has no words.
fn words(body: &[u8]) -> String {
    let Ok(Value::Object(answer)) = serde_json::from_slice(body) else {
        return String::new();
    };
    let mut found = Vec::new();
    for key in ["message", "error", "error_description"] {
        if let Some(value) = answer.get(key) {
            collect(value, None, &mut found);
        }
    }
    clean::words(&found.join("; "))
}

fn collect(value: &Value, field: Option<&str>, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(match field {
            // "base" stands for the whole record, "error" for nothing at all.
            None | Some("base" | "error") => text.clone(),
            Some(field) => format!("{field} {text}"),
        }),
        Value::Array(values) => values.iter().for_each(|value| collect(value, field, found)),
        Value::Object(fields) => {
            fields.iter().for_each(|(field, value)| collect(value, Some(field), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect()
    }

    fn refused(status: u16, body: &str) -> Quoted {
        let status = StatusCode::from_u16(status).unwrap();
        Quoted::new("GET x", status, &HeaderMap::new(), body.as_bytes(), &Redactor::default())
    }

    #[test]
    fn all_shapes_of_a_refusal_are_read() {
        for (body, expected) in [
            (r#"{"message":"401 Unauthorized"}"#, "401 Unauthorized"),
            (r#"{"message":{"base":["Reference not found"]}}"#, "Reference not found"),
            (r#"{"message":{"name":["is taken","is odd"]}}"#, "name is taken; name is odd"),
            (r#"{"message":["one","two"]}"#, "one; two"),
            (r#"{"error":"ref is missing"}"#, "ref is missing"),
            (
                r#"{"error":"invalid_token","error_description":"Token was revoked."}"#,
                "invalid_token; Token was revoked.",
            ),
            (r#"{"message":{"error":"Too often. Try later."}}"#, "Too often. Try later."),
            ("<html><body>502</body></html>", ""),
            ("[1,2]", ""),
            ("", ""),
        ] {
            assert_eq!(words(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn a_quotation_is_one_short_printable_line() {
        let quoted = |said: &str| {
            let body = serde_json::json!({ "message": said }).to_string();
            refused(400, &body).words
        };
        assert_eq!(quoted(" a\r\nBcc: x\u{1b}[31m\tb\u{202e} "), "a Bcc: x [31m b");
        assert_eq!(quoted(&"ä".repeat(600)).chars().count(), 500);
    }

    #[test]
    fn refused_access_is_for_the_administrator() {
        for status in [301, 401, 403, 404] {
            let fault = Fault::from(refused(status, "{}"));
            assert_eq!(fault.kind, FaultKind::Misconfigured, "{status}");
            assert_eq!(fault.public, None, "{status}");
        }
        for status in [408, 429, 500, 502, 503] {
            assert_eq!(Fault::from(refused(status, "<html>")).kind, FaultKind::Temporary);
        }
    }

    #[test]
    fn a_refused_create_may_be_said_in_public() {
        let body = r#"{"message":{"base":["Too many pipelines created in the last minute."]}}"#;
        let fault = refused(400, body).of_a_create();
        assert_eq!(fault.kind, FaultKind::Permanent);
        assert!(
            fault.public.unwrap().ends_with(": Too many pipelines created in the last minute.")
        );
    }

    #[test]
    fn the_wait_is_read_in_all_its_forms() {
        let date = ("date", "Sun, 22 Nov 2026 11:00:00 GMT");
        for (asked, seconds) in [
            (vec![("retry-after", "77")], Some(77)),
            (vec![("retry-after", "Sun, 22 Nov 2026 11:01:00 GMT"), date], Some(60)),
            (vec![("ratelimit-reset", "1795345290"), date], Some(90)),
            (vec![("ratelimit-reset", "5"), date], Some(0)),
            (vec![("ratelimit-reset", "1795345290")], None),
            (vec![("retry-after", "soon"), date], None),
            (vec![], None),
        ] {
            let wait = wait(&headers(&asked)).map(|wait| wait.as_secs());
            assert_eq!(wait, seconds, "{asked:?}");
        }
    }
}
