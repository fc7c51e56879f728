//! The stand-in's connections: which path goes where, headers that every answer has, and the
//! faults that tests order.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use jiff::SignedDuration;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio::net::TcpListener;

use super::api;
use super::plan::Trouble;
use super::question::{Question, Reply, ReplyBody};
use super::shared::{REPOSITORY, Shared};
use crate::demo::git_http::GitHttp;

/// No request of the API is bigger.
const BIGGEST_REQUEST: usize = 4 * 1024 * 1024;

/// Marks an answer that must not be given: the connection is dropped instead.
#[derive(Debug, Clone, Copy)]
struct HangUp;

/// Serves connections until the runtime ends.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>, git: GitHttp) {
    let router = Router::new().fallback(move |request| route(shared.clone(), git.clone(), request));
    let service = TowerToHyperService::new(router);
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let service = service.clone();
        let answer = service_fn(move |request| {
            let answer = service.call(request);
            async move {
                match answer.await {
                    Ok(answer) if answer.extensions().get::<HangUp>().is_none() => Ok(answer),
                    Ok(_) | Err(_) => Err(io::Error::other("hung up on purpose")),
                }
            }
        });
        tokio::spawn(async move {
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), answer);
            let _ended_by_either_side = connection.await;
        });
    }
}

async fn route(shared: Arc<Shared>, git: GitHttp, request: Request) -> Response {
    let whole = request.uri().path().to_owned();
    let Some(path) = whole.strip_prefix(&shared.prefix) else { return not_found() };
    if let Some(path) = path.strip_prefix("/api/v4/") {
        return faulty(&shared, path, request).await;
    }
    let repository = format!("/{}.git", shared.project);
    match path.strip_prefix(&repository) {
        Some(rest) => git.serve(&format!("/{}{rest}", REPOSITORY), request).await,
        None => not_found(),
    }
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Html("<html><body>404</body></html>")).into_response()
}

/// Answers a request of the API, or what a test ordered instead.
async fn faulty(shared: &Arc<Shared>, path: &str, request: Request) -> Response {
    let call = format!("{} {path}", request.method());
    let trouble = {
        let mut world = shared.world();
        world.calls.push(call);
        world.trouble(request.method().as_str(), path)
    };
    match trouble {
        None => api(shared, path, request).await,
        Some(Trouble::LostAnswer) => {
            let _carried_out = api(shared, path, request).await;
            hang_up()
        }
        Some(Trouble::Late(wait)) => {
            tokio::time::sleep(wait).await;
            api(shared, path, request).await
        }
        Some(trouble) => instead(shared, trouble),
    }
}

/// What is answered in place of an answer.
fn instead(shared: &Shared, trouble: Trouble) -> Response {
    let status = |code: u16| StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
    let json = [("content-type", "application/json")];
    match trouble {
        Trouble::RateLimited(seconds) => {
            (status(429), [("retry-after", seconds.to_string())], "Retry later\n").into_response()
        }
        Trouble::RateLimitedUntil(seconds) => {
            let now = shared.clock.now();
            let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now);
            let reset = (now + SignedDuration::from_secs(seconds.into())).as_second();
            let headers =
                [("ratelimit-reset", reset.to_string()), ("date", date.unwrap_or_default())];
            (status(429), headers, "Retry later\n").into_response()
        }
        Trouble::Html(code) => {
            (status(code), Html(format!("<html><body>{code}</body></html>"))).into_response()
        }
        Trouble::LoginPage => Html("<!DOCTYPE html><form>Sign in</form>").into_response(),
        Trouble::Refused(code, body) => (status(code), json, body).into_response(),
        Trouble::Redirect(to) => Redirect::temporary(&to).into_response(),
        Trouble::BrokenJson => (json, "{\"id\": 1, ").into_response(),
        Trouble::Dropped | Trouble::LostAnswer | Trouble::Late(_) => hang_up(),
    }
}

fn hang_up() -> Response {
    let mut response = StatusCode::OK.into_response();
    response.extensions_mut().insert(HangUp);
    response
}

async fn api(shared: &Arc<Shared>, path: &str, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BIGGEST_REQUEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let query = parts.uri.query().unwrap_or_default();
    let question = Question {
        method: parts.method,
        path: path
            .split('/')
            .map(|part| percent_decode_str(part).decode_utf8_lossy().into())
            .collect(),
        query: url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect::<HashMap<_, _>>(),
        headers: parts.headers,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    };
    let shared = shared.clone();
    match tokio::task::spawn_blocking(move || api::answer(&shared, &question)).await {
        Ok(reply) => respond(reply),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn respond(reply: Reply) -> Response {
    let (kind, body) = match reply.body {
        ReplyBody::Json(value) => ("application/json", Bytes::from(value.to_string())),
        ReplyBody::Text(text) => ("text/plain", Bytes::from(text)),
        ReplyBody::Empty => ("application/json", Bytes::new()),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(kind));
    headers.insert("x-request-id", HeaderValue::from_static("01STANDIN"));
    for (name, value) in reply.headers {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    }
    response
}
