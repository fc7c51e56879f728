//! Bare repositories over smart HTTP, by `git http-backend` as a CGI child (git-http-backend(1)).
//! It must not decide what a push means: it tells whoever asked to be told.
//!
//! A client may hang up as soon as it has what it wants, so a push goes on, and is told of, also
//! when nobody reads the answer any more; a fetch is then stopped.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::{fs, io};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http_body_util::BodyExt;
use hyper::body::Frame;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;

/// Writes each pushed ref and each push option to the file that the handler names.
const HOOK: &str = r#"#!/bin/sh
[ -n "$STAND_IN_PUSH_LOG" ] || exit 0
{
    sed 's/^/ref /'
    i=0
    while [ "$i" -lt "${GIT_PUSH_OPTION_COUNT:-0}" ]; do
        eval "printf 'option %s\n' \"\$GIT_PUSH_OPTION_$i\""
        i=$((i + 1))
    done
} >"$STAND_IN_PUSH_LOG"
"#;

/// One ref that a push changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Update {
    /// The full name, `refs/heads/x`.
    pub(crate) reference: String,
    /// What it was; all zeros: it was not there.
    pub(crate) old: String,
    /// What it is; all zeros: it is gone.
    pub(crate) new: String,
}

/// What a push changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Push {
    /// The refs.
    pub(crate) updates: Vec<Update>,
    /// The push options (`git push -o`).
    pub(crate) options: Vec<String>,
}

/// Told of every push, on a thread that may block.
pub(crate) type OnPush = Arc<dyn Fn(Push) + Send + Sync>;

/// A folder of bare repositories, as an HTTP handler.
#[derive(Clone)]
pub(crate) struct GitHttp {
    root: PathBuf,
    read_token: Option<String>,
    write: Option<(String, OnPush)>,
}

impl GitHttp {
    /// Serves all repositories below `root` to everybody, for reading.
    pub(crate) fn read_only(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), read_token: None, write: None }
    }

    /// Lets whoever shows the token push; `on_push` is told before the answer ends.
    #[must_use]
    pub(crate) fn writable(mut self, token: impl Into<String>, on_push: OnPush) -> Self {
        self.write = Some((token.into(), on_push));
        self
    }

    /// Asks for the token also for reading.
    #[must_use]
    pub(crate) fn private(mut self, token: impl Into<String>) -> Self {
        self.read_token = Some(token.into());
        self
    }

    /// Answers one request; `path` is the repository's path below the root and what follows it,
    /// `/group/project.git/info/refs`.
    pub(crate) async fn serve(&self, path: &str, request: Request) -> Response {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let pushes =
            path.ends_with("/git-receive-pack") || query.contains("service=git-receive-pack");
        let token = match (&self.write, pushes) {
            (None, true) => return (StatusCode::FORBIDDEN, "read only").into_response(),
            (Some((token, _)), true) => Some(token),
            (_, false) => self.read_token.as_ref(),
        };
        if token.is_some_and(|token| !shows(request.headers(), token)) {
            return unauthorised();
        }
        match self.backend(path, &query, pushes, request).await {
            Ok(response) => response,
            Err(error) => {
                tracing::warn!("git http-backend: {error}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }

    async fn backend(
        &self,
        path: &str,
        query: &str,
        pushes: bool,
        request: Request,
    ) -> io::Result<Response> {
        let log = tempfile::Builder::new().prefix("push").tempfile()?.into_temp_path();
        let mut child = self
            .command(path, query, pushes, &request)
            .env("STAND_IN_PUSH_LOG", &log)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let missing = || io::Error::other("a pipe of the child is missing");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let mut stdout = BufReader::new(child.stdout.take().ok_or_else(missing)?);
        tokio::spawn(feed(request.into_body(), stdin));
        let headers = cgi_headers(&mut stdout).await?;
        let (sender, receiver) = mpsc::channel(16);
        let on_push = self.write.as_ref().filter(|_| pushes).map(|(_, told)| told.clone());
        tokio::spawn(async move {
            pump(stdout, &sender, on_push.is_some()).await;
            if let Some(on_push) = on_push {
                let _done = tokio::task::spawn_blocking(move || tell(&log, &on_push)).await;
            }
            end(child).await;
            drop(sender);
        });
        respond(headers, receiver)
    }

    /// The child with its CGI variables (RFC 3875, section 4.1).
    fn command(&self, path: &str, query: &str, pushes: bool, request: &Request) -> Command {
        let mut command = Command::new("git");
        clean_environment(&mut command)
            .arg("http-backend")
            .env("GIT_PROJECT_ROOT", &self.root)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("PATH_INFO", path)
            .env("QUERY_STRING", query)
            .env("REQUEST_METHOD", request.method().as_str());
        if pushes {
            command.env("REMOTE_USER", "token");
        }
        for (name, variable) in [
            (header::CONTENT_TYPE.as_str(), "CONTENT_TYPE"),
            (header::CONTENT_ENCODING.as_str(), "HTTP_CONTENT_ENCODING"),
            ("git-protocol", "GIT_PROTOCOL"),
        ] {
            if let Some(value) = request.headers().get(name).and_then(|v| v.to_str().ok()) {
                command.env(variable, value);
            }
        }
        command
    }
}

/// Makes a bare repository that takes push options and tells of pushes. An existing one is only
/// given the hook and the settings.
///
/// # Errors
/// The disk, or no `git` to run.
pub(crate) fn init_bare(path: &Path) -> io::Result<()> {
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        // Whoever runs this may have git's variables set for a repository of their own.
        let status = command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other("git init failed")) }
    };
    let text = path.to_str().ok_or_else(|| io::Error::other("the path is no text"))?;
    git(&["init", "--quiet", "--bare", "--initial-branch=master", text])?;
    git(&["-C", text, "config", "receive.advertisePushOptions", "true"])?;
    git(&["-C", text, "config", "gc.auto", "0"])?;
    let hook = path.join("hooks/post-receive");
    fs::create_dir_all(path.join("hooks"))?;
    fs::write(&hook, HOOK)?;
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755))
}

/// Takes the caller's git settings away from the child: they would change what it does.
fn clean_environment(command: &mut Command) -> &mut Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    command
        .env_clear()
        .env("PATH", path)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
}

/// Whether the request shows the token: as a password for any name, as GitLab takes it, or in a
/// header of its own.
fn shows(headers: &HeaderMap, token: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let password = text("authorization")
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|value| BASE64_STANDARD.decode(value.trim()).ok())
        .and_then(|value| String::from_utf8(value).ok())
        .and_then(|value| value.split_once(':').map(|(_, password)| password.to_owned()));
    password.as_deref() == Some(token) || text("private-token") == Some(token)
}

fn unauthorised() -> Response {
    let ask = [(header::WWW_AUTHENTICATE, "Basic realm=\"GitLab\"")];
    (StatusCode::UNAUTHORIZED, ask, "HTTP Basic: Access denied\n").into_response()
}

/// Gives the request's body to the child. A child that has heard enough closes the pipe.
async fn feed(mut body: Body, mut stdin: ChildStdin) {
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(data) = frame.into_data() else { continue };
        if stdin.write_all(&data).await.is_err() {
            return;
        }
    }
}

/// The child's headers (RFC 3875, section 6.2), names in lower case.
async fn cgi_headers(stdout: &mut BufReader<ChildStdout>) -> io::Result<HashMap<String, String>> {
    let mut headers = HashMap::new();
    let mut stdout = stdout.take(64 * 1024);
    loop {
        let mut line = String::new();
        if stdout.read_line(&mut line).await? == 0 {
            return Err(io::Error::other("it ended before its headers did"));
        }
        let line = line.trim_end();
        if line.is_empty() {
            return Ok(headers);
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
}

/// Hands the child's output on. `to_the_end`: also when nobody listens any more.
async fn pump(mut stdout: BufReader<ChildStdout>, to: &mpsc::Sender<Bytes>, to_the_end: bool) {
    let mut chunk = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = stdout.read(&mut chunk).await {
        if to.send(Bytes::copy_from_slice(&chunk[..read])).await.is_err() && !to_the_end {
            return;
        }
    }
}

async fn end(mut child: Child) {
    let _already_gone = child.start_kill();
    let _status = child.wait().await;
}

/// Reads what the hook wrote, and tells of it if anything changed.
fn tell(log: &Path, on_push: &OnPush) {
    let mut push = Push::default();
    for line in fs::read_to_string(log).unwrap_or_default().lines() {
        if let Some(option) = line.strip_prefix("option ") {
            push.options.push(option.to_owned());
        } else if let [old, new, reference] =
            line.trim_start_matches("ref ").split(' ').collect::<Vec<_>>()[..]
        {
            push.updates.push(Update {
                reference: reference.into(),
                old: old.into(),
                new: new.into(),
            });
        }
    }
    if !push.updates.is_empty() {
        on_push(push);
    }
}

fn respond(headers: HashMap<String, String>, body: mpsc::Receiver<Bytes>) -> io::Result<Response> {
    let status = headers
        .get("status")
        .and_then(|status| status.split(' ').next()?.parse().ok())
        .unwrap_or(StatusCode::OK);
    let mut response = Response::builder().status(status);
    for (name, value) in headers.iter().filter(|(name, _)| *name != "status") {
        response = response.header(name, value);
    }
    response.body(Body::new(Output(body))).map_err(io::Error::other)
}

/// The child's output as the body of an answer.
struct Output(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Output {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context).map(|chunk| chunk.map(|chunk| Ok(Frame::data(chunk))))
    }
}
