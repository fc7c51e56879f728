//! A repository's URL, taken apart and checked for its form. Pure text; whether it may be fetched
//! from is the policy's word.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::ports::Fault;

/// The schemes there is a transport for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scheme {
    /// Git's smart protocol over HTTP with TLS.
    Https,
    /// The same without TLS.
    Http,
    /// `git daemon`'s protocol.
    Git,
    /// Through the `ssh` program.
    Ssh,
}

impl Scheme {
    /// The scheme as URLs write it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
            Self::Git => "git",
            Self::Ssh => "ssh",
        }
    }

    /// The port that goes without saying.
    pub(crate) fn port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
            Self::Git => 9418,
            Self::Ssh => 22,
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Https, Self::Http, Self::Git, Self::Ssh].into_iter().find(|s| s.word() == word)
    }
}

/// A repository's address, taken apart and checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RemoteUrl {
    /// How to speak.
    pub(crate) scheme: Scheme,
    /// The login name, for ssh only.
    pub(crate) user: Option<String>,
    /// The host, an IPv6 address without its brackets.
    pub(crate) host: String,
    /// The port.
    pub(crate) port: u16,
    /// The path with its first slash, as the URL writes it, without a last one.
    pub(crate) path: String,
}

impl RemoteUrl {
    /// Takes an URL of the configuration: trusted as to where it leads, held to the same form.
    ///
    /// # Errors
    /// Misconfigured: not an URL there is a transport for.
    pub(crate) fn configured(text: &str) -> Result<Self, Fault> {
        parse(text).map_err(|why| Fault::misconfigured(format!("repository URL {text:?}: {why}")))
    }

    /// The host with the port if it is an odd one, as URLs write it.
    pub(crate) fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == self.scheme.port() { host } else { format!("{host}:{}", self.port) }
    }

    /// The whole URL, without a login name.
    pub(crate) fn text(&self) -> String {
        format!("{}://{}{}", self.scheme.word(), self.authority(), self.path)
    }
}

const LONGEST: usize = 1000;

/// Takes an URL apart.
///
/// # Errors
/// One sentence fit for the author.
pub(super) fn parse(text: &str) -> Result<RemoteUrl, String> {
    if text.is_empty() || text.len() > LONGEST {
        return Err("The request names no usable repository URL.".into());
    }
    if text.starts_with('-') || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("The repository URL has characters in it that no URL has.".into());
    }
    if text.contains(['\\', '\'', '"', '`', '?', '#']) {
        return Err("The repository URL has characters in it that are not followed here.".into());
    }
    if text.contains("://") { parse_url(text) } else { parse_scp(text) }
}

fn parse_url(text: &str) -> Result<RemoteUrl, String> {
    let word = text.split("://").next().unwrap_or_default().to_ascii_lowercase();
    let Some(scheme) = Scheme::parse(&word) else {
        return Err(format!("URLs of the scheme {word:?} are not fetched here."));
    };
    let url = Url::parse(text).map_err(|e| format!("The repository URL is malformed: {e}."))?;
    let user = match url.username() {
        "" => None,
        user if scheme == Scheme::Ssh => Some(user.to_owned()),
        _ => return Err("A repository URL with a login in it is not fetched here.".into()),
    };
    if url.password().is_some()
        || (text.contains('@') && user.is_none() && before_path_has_at(text))
    {
        return Err("A repository URL with a login in it is not fetched here.".into());
    }
    let host = match url.host() {
        Some(Host::Domain(name)) => name.to_ascii_lowercase(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => return Err("The repository URL names no host.".into()),
    };
    let port = url.port().unwrap_or_else(|| scheme.port());
    checked(RemoteUrl { scheme, user, host, port, path: url.path().to_owned() })
}

fn before_path_has_at(text: &str) -> bool {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.split('/').next().is_some_and(|authority| authority.contains('@'))
}

/// `[user@]host:path`, as ssh's own copy program writes it (git-fetch(1), "GIT URLS").
fn parse_scp(text: &str) -> Result<RemoteUrl, String> {
    let unusable = || "The request names no usable repository URL.".to_owned();
    let (place, path) = text.split_once(':').ok_or_else(unusable)?;
    let (user, host) = match place.split_once('@') {
        Some((user, host)) => (Some(user.to_owned()), host),
        None => (None, place),
    };
    if path.starts_with(':') || path.is_empty() || host.contains('/') {
        return Err(unusable());
    }
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let host = host.to_ascii_lowercase();
    checked(RemoteUrl { scheme: Scheme::Ssh, user, host, port: Scheme::Ssh.port(), path })
}

fn checked(mut url: RemoteUrl) -> Result<RemoteUrl, String> {
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if url.host.is_empty()
        || url.host.starts_with(['-', '.', ':']) && !url.host.starts_with("::")
        || !url.host.chars().all(named)
    {
        return Err("The repository URL names no usable host.".into());
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    if url
        .user
        .as_ref()
        .is_some_and(|u| u.is_empty() || u.starts_with('-') || !u.chars().all(plain))
    {
        return Err("The repository URL names no usable login.".into());
    }
    url.path.truncate(url.path.trim_end_matches('/').len());
    if url.path.is_empty() || url.path.split('/').any(|part| part == "..") {
        return Err("The repository URL names no usable path.".into());
    }
    Ok(url)
}
