//! Requests to one GitLab server: address, token, deadlines, caps, pages. It must not know what
//! the answers mean, and never speaks to another host: redirects are not followed, and of a `Link`
//! only the query is used (GitLab builds it from its configured name, not the one called).

use std::collections::HashSet;
use std::io::Read;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use ureq::http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use ureq::{Agent, Body, BodyReader};
use url::Url;
use url::form_urlencoded::Serializer;

use super::answer::Row;
use super::page;
use super::refusal::Quoted;
use crate::adapters::http;
use crate::config::model::Ci;
use crate::config::redact::Redactor;
use crate::ports::Fault;
use crate::pull::clean::cut;

/// One call, from the connection to the last byte of the answer.
pub(super) const CALL_DEADLINE: Duration = Duration::from_secs(60);

/// A trace may be big: it may take so many times as long.
const TRACE_FACTOR: u32 = 5;

/// A page of a hundred jobs holds the tip's commit message a hundred times.
const BIGGEST_ANSWER: u64 = 32 * 1024 * 1024;

/// A refusal is quoted, not kept.
const BIGGEST_REFUSAL: u64 = 256 * 1024;

/// GitLab numbers its answers for its own log; ours keeps that much of the number.
const LONGEST_ID: usize = 80;

/// A hundred rows each: no pipeline has more jobs than this.
const MOST_PAGES: usize = 100;

/// What stays as it is in a path segment (RFC 3986, section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A client for one server and one project.
#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    /// `https://HOST/PREFIX/api/v4`
    root: String,
    /// `projects/NAMESPACE%2FNAME`
    project: String,
    token: HeaderValue,
    redactor: Redactor,
    pages: Url,
    deadline: Duration,
}

impl Client {
    /// Prepares; connects to nothing.
    ///
    /// # Errors
    /// Misconfigured: URL, token or certificates.
    pub(super) fn new(ci: &Ci, deadline: Duration) -> Result<Self, Fault> {
        let gitlab = ci.gitlab.trim_end_matches('/');
        let pages = match Url::parse(gitlab) {
            Ok(url)
                if matches!(url.scheme(), "https" | "http")
                    && url.query().is_none()
                    && url.fragment().is_none()
                    && url.username().is_empty()
                    && url.password().is_none() =>
            {
                url
            }
            Ok(_) | Err(_) => {
                return Err(Fault::misconfigured(
                    "`gitlab` is not a plain URL such as https://gitlab.com",
                ));
            }
        };
        let mut token = HeaderValue::from_str(ci.token.expose().trim()).map_err(|_| {
            Fault::misconfigured("the GitLab token has characters that no token has")
        })?;
        token.set_sensitive(true);
        let project = ci.project.trim_matches('/');
        let config = http::config(deadline, ci.ca_file.as_deref())?;
        Ok(Self {
            agent: Agent::new_with_config(config),
            root: format!("{gitlab}/api/v4"),
            project: format!("projects/{}", utf8_percent_encode(project, SEGMENT)),
            token,
            redactor: Redactor::of(&ci.token),
            pages,
            deadline,
        })
    }

    /// A page's address if it is one of this GitLab's own, else nothing.
    pub(super) fn page(&self, address: &str) -> String {
        page::own(&self.pages, address)
    }

    /// What of an answer is read elsewhere, without the token.
    pub(super) fn redacted(&self, bytes: Vec<u8>) -> Vec<u8> {
        self.redactor.bytes(bytes)
    }

    /// The path of something inside the project; of the project itself if `path` is empty.
    pub(super) fn in_project(&self, path: &str) -> String {
        if path.is_empty() { self.project.clone() } else { format!("{}/{path}", self.project) }
    }

    /// Reads one record. Safe to repeat.
    pub(super) fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Quoted> {
        let call = Call::new(Method::GET, path, encoded(query));
        self.whole(&call, None).and_then(|answer| parsed(&call, &answer.1))
    }

    /// Sends an order. Whether it may be repeated is the caller's business.
    pub(super) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        order: Option<&serde_json::Value>,
    ) -> Result<T, Quoted> {
        let call = Call::new(Method::POST, path, String::new());
        self.whole(&call, order).and_then(|answer| parsed(&call, &answer.1))
    }

    /// Reads all pages of a list, each id once. Safe to repeat.
    pub(super) fn list<T: DeserializeOwned + Row>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, Quoted> {
        let first = encoded(&[query, &[("per_page", "100")]].concat());
        let mut next = Some(first.clone());
        let (mut rows, mut seen) = (Vec::new(), HashSet::new());
        for _ in 0..MOST_PAGES {
            let Some(query) = next else { return Ok(rows) };
            let call = Call::new(Method::GET, path, query);
            let (headers, body) = self.whole(&call, None)?;
            let page: Vec<T> = parsed(&call, &body)?;
            next = if page.is_empty() { None } else { next_page(&headers, &first) };
            rows.extend(page.into_iter().filter(|row| seen.insert(row.id())));
        }
        Err(Quoted::without_answer(Fault::temporary(format!(
            "GET {path}: more than {MOST_PAGES} pages"
        ))))
    }

    /// Opens an answer of text, to be read as it comes, under a deadline of its own. Safe to
    /// repeat.
    pub(super) fn open(&self, path: &str) -> Result<BodyReader<'static>, Quoted> {
        let call = Call::new(Method::GET, path, String::new());
        let response = self.send(&call, None)?;
        if is_html(response.headers()) {
            return Err(not_gitlab(&call));
        }
        Ok(response.into_body().into_with_config().limit(u64::MAX).reader())
    }

    /// Headers and body of a successful answer of JSON.
    fn whole(
        &self,
        call: &Call,
        order: Option<&serde_json::Value>,
    ) -> Result<(HeaderMap, Vec<u8>), Quoted> {
        let (parts, body) = self.send(call, order)?.into_parts();
        if is_html(&parts.headers) {
            return Err(not_gitlab(call));
        }
        let body = body
            .into_with_config()
            .limit(BIGGEST_ANSWER)
            .read_to_vec()
            .map_err(|error| Quoted::without_answer(trouble(call, &error)))?;
        Ok((parts.headers, self.redactor.bytes(body)))
    }

    /// Sends a request, and turns all but success into a refusal.
    fn send(
        &self,
        call: &Call,
        order: Option<&serde_json::Value>,
    ) -> Result<Response<Body>, Quoted> {
        let failed = |error: ureq::Error| Quoted::without_answer(trouble(call, &error));
        let uri: Uri = format!("{}/{}{}", self.root, call.path, call.query_part())
            .parse()
            .map_err(|_| Quoted::without_answer(Fault::bug(format!("{call}: not a URI"))))?;
        let request = Request::builder()
            .method(call.method.clone())
            .uri(uri)
            .header("PRIVATE-TOKEN", self.token.clone())
            .header("Accept", "application/json, text/plain");
        let response = if call.method == Method::GET {
            let factor = if call.is_trace() { TRACE_FACTOR } else { 1 };
            let request = request.body(()).map_err(|error| failed(error.into()))?;
            let request = self.agent.configure_request(request);
            self.agent.run(request.timeout_global(Some(self.deadline * factor)).build())
        } else {
            let body = order.map(serde_json::Value::to_string).unwrap_or_default();
            let request = request.header("Content-Type", "application/json").body(body);
            self.agent.run(request.map_err(|error| failed(error.into()))?)
        };
        answered(call, response.map_err(failed)?, &self.redactor)
    }
}

/// The answer if it is success, else GitLab's refusal.
fn answered(
    call: &Call,
    response: Response<Body>,
    redactor: &Redactor,
) -> Result<Response<Body>, Quoted> {
    let (status, headers) = (response.status(), response.headers());
    let id = headers.get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or("-");
    let id = redactor.text(&cut(id, LONGEST_ID));
    tracing::debug!(http.call = %call, http.status = status.as_u16(), gitlab.request = id,
        "GitLab answered");
    if status.is_success() {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    // What can't be read is not quoted; the status alone decides the kind.
    let mut words = Vec::new();
    let read = body.into_reader().take(BIGGEST_REFUSAL).read_to_end(&mut words);
    if read.is_err() {
        words.clear();
    }
    let words = redactor.bytes(words);
    Err(Quoted::new(&call.to_string(), status, &parts.headers, &words, redactor))
}

/// What is asked, for the request and for messages about it.
struct Call {
    method: Method,
    path: String,
    query: String,
}

impl Call {
    fn new(method: Method, path: &str, query: String) -> Self {
        Self { method, path: path.to_owned(), query }
    }

    fn query_part(&self) -> String {
        if self.query.is_empty() { String::new() } else { format!("?{}", self.query) }
    }

    fn is_trace(&self) -> bool {
        self.path.ends_with("/trace")
    }
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

fn encoded(query: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(query).finish()
}

fn parsed<T: DeserializeOwned>(call: &Call, body: &[u8]) -> Result<T, Quoted> {
    serde_json::from_slice(body).map_err(|error| {
        Quoted::without_answer(Fault::misconfigured(format!(
            "{call}: the answer is not GitLab's as we know it ({error}): is `gitlab` the root of \
             a GitLab?"
        )))
    })
}

fn is_html(headers: &HeaderMap) -> bool {
    headers
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("text/html"))
}

fn not_gitlab(call: &Call) -> Quoted {
    Quoted::without_answer(Fault::misconfigured(format!(
        "{call}: a web page came instead of an answer: something stands before GitLab, such as a \
         login page"
    )))
}

/// The query of the next page, if there is one: `X-Next-Page` put into the first query, else the
/// query of `Link`'s `next` (RFC 8288).
fn next_page(headers: &HeaderMap, first: &str) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(page) = text("x-next-page") {
        let page: u32 = page.trim().parse().ok()?;
        return Some(format!("{first}&page={page}"));
    }
    let link = text("link")?.split(',').find(|link| link.contains("rel=\"next\""))?;
    let (_, url) = link.split_once('<')?;
    let (url, _) = url.split_once('>')?;
    Url::parse(url).ok()?.query().map(str::to_owned)
}

/// No answer at all, as a fault.
fn trouble(call: &Call, error: &ureq::Error) -> Fault {
    let detail = format!("{call}: {error}");
    match error {
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) | ureq::Error::BadUri(_) => {
            Fault::misconfigured(detail)
        }
        ureq::Error::BodyExceedsLimit(_) => Fault::misconfigured(detail),
        ureq::Error::Io(io) if distrusts(io) => Fault::misconfigured(detail),
        _ => Fault::temporary(detail),
    }
}

/// Whether the server's certificate is the trouble.
fn distrusts(error: &std::io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        [(name.parse().unwrap(), value.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn the_next_page_is_asked_of_the_same_server() {
        let first = "sha=a&per_page=100";
        let next = |name, value| next_page(&headers(name, value), first);
        assert_eq!(next("x-next-page", "2").unwrap(), "sha=a&per_page=100&page=2");
        assert_eq!(next("x-next-page", ""), None);
        let link = "<https://evil.example/api?page=1>; rel=\"prev\", \
                    <https://evil.example/api?cursor=x&per_page=100>; rel=\"next\"";
        assert_eq!(next("link", link).unwrap(), "cursor=x&per_page=100");
        assert_eq!(next("link", "<https://ci.example/?page=1>; rel=\"first\""), None);
        assert_eq!(next_page(&HeaderMap::new(), first), None);
    }

    #[test]
    fn a_web_page_is_known_by_its_type() {
        assert!(is_html(&headers("content-type", "Text/HTML; charset=utf-8")));
        assert!(!is_html(&headers("content-type", "application/json")));
    }
}
