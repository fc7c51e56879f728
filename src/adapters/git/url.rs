//! Which URLs a stranger's mail may make the bot fetch from: default deny by scheme and by host.
//! Pure text; what a host resolves to is judged by [`address`](super::address) at the connection.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::forge;
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

    fn parse(word: &str) -> Option<Self> {
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

/// What a mail's URL may be.
#[derive(Debug, Clone)]
pub(crate) struct UrlPolicy {
    schemes: Vec<Scheme>,
    hosts: GlobSet,
}

impl UrlPolicy {
    /// Takes the configuration's schemes and host globs. A glob without a port (`*.example.org`)
    /// means the scheme's own port; odd ports need a glob that says so (`git.example.org:8443`,
    /// `127.0.0.1:*`).
    ///
    /// # Errors
    /// Misconfigured: a scheme without a transport, or not a glob.
    pub(crate) fn new(schemes: &[String], hosts: &[String]) -> Result<Self, Fault> {
        let schemes = schemes
            .iter()
            .map(|word| {
                Scheme::parse(word).ok_or_else(|| {
                    Fault::misconfigured(format!(
                        "trust.schemes: {word:?} is none of https, http, git, ssh"
                    ))
                })
            })
            .collect::<Result<_, _>>()?;
        let mut globs = GlobSetBuilder::new();
        for host in hosts {
            let glob = GlobBuilder::new(host).case_insensitive(true).build();
            globs.add(glob.map_err(|e| Fault::misconfigured(format!("trust.hosts: {e}")))?);
        }
        let hosts = globs.build().map_err(|e| Fault::misconfigured(format!("trust.hosts: {e}")))?;
        Ok(Self { schemes, hosts })
    }

    /// Checks an URL as a mail gives it. What a known forge serves to those with a key alone is
    /// taken as its public URL, unless ssh is allowed.
    ///
    /// # Errors
    /// One sentence fit for the author.
    pub(crate) fn check(&self, text: &str) -> Result<RemoteUrl, String> {
        let url = parse(text)?;
        let as_it_is = url.scheme == Scheme::Ssh && self.schemes.contains(&Scheme::Ssh);
        let url = if as_it_is { url } else { forge::public(url) };
        if !self.schemes.contains(&url.scheme) {
            let allowed: Vec<_> = self.schemes.iter().map(|s| s.word()).collect();
            return Err(format!(
                "URLs of the scheme {:?} are not fetched here; use {}.",
                url.scheme.word(),
                allowed.join(" or ")
            ));
        }
        if !self.hosts.is_match(url.authority()) {
            return Err(format!(
                "The host {} is not among those that requests are fetched from here.",
                url.authority()
            ));
        }
        Ok(url)
    }
}

const LONGEST: usize = 1000;

fn parse(text: &str) -> Result<RemoteUrl, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(schemes: &[&str], hosts: &[&str]) -> UrlPolicy {
        let owned = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        UrlPolicy::new(&owned(schemes), &owned(hosts)).unwrap()
    }

    fn usual() -> UrlPolicy {
        policy(&["https", "git"], &["gitlab.com", "github.com", "*.kernel.org", "odd.example:8443"])
    }

    fn taken(text: &str) -> String {
        usual().check(text).unwrap().text()
    }

    #[test]
    fn urls_of_allowed_schemes_and_hosts_pass() {
        assert_eq!(taken("https://gitlab.com/a/qemu.git"), "https://gitlab.com/a/qemu.git");
        assert_eq!(taken("https://gitlab.com/a/qemu/"), "https://gitlab.com/a/qemu");
        assert_eq!(taken("HTTPS://GitLab.COM:443/a"), "https://gitlab.com/a");
        assert_eq!(taken("git://git.kernel.org/pub/x.git"), "git://git.kernel.org/pub/x.git");
        assert_eq!(taken("https://odd.example:8443/x"), "https://odd.example:8443/x");
    }

    #[test]
    fn everything_else_is_refused() {
        for bad in [
            "",
            "x",
            "/etc/passwd",
            "./x",
            "file:///etc",
            "file://localhost/etc",
            "ext::sh -c x",
            "ext::sh",
            "fd::3",
            "--upload-pack=x",
            "-o:x",
            "http://gitlab.com/a",
            "ssh://git@other.example/a",
            "https://other.example/a",
            "https://gitlab.com.evil.org/a",
            "https://evilgitlab.com/a",
            "https://kernel.org.evil/x",
            "https://gitlab.com:8443/a",
            "https://odd.example/x",
            "https://user@gitlab.com/a",
            "https://u:p@gitlab.com/a",
            "https://@gitlab.com/a",
            "https://:@gitlab.com/a",
            "https://gitlab.com@evil.org/a",
            "https://gitlab.com\\@evil.org/a",
            "https://gitlab.com/a\nb",
            "https://gitlab.com/a b",
            "https://gitlab.com/\u{e9}",
            "https://gitlab.com/\u{7f}",
            "https://gitlab.com",
            "https://gitlab.com/",
            "https://gitlab.com/a?x=y",
            "https://gitlab.com/a#b",
            "https:///a",
            "https://",
            "git@other.example:a/b",
            "user@host",
            "gitlab.com::x",
            "https://127.0.0.1/a",
            "https://0x7f.1/a",
            "https://2130706433/a",
            "https://[::1]/a",
            "javascript://gitlab.com/a",
            "git://git.kernel.org:22/x",
        ] {
            assert!(usual().check(bad).is_err(), "{bad:?}");
        }
        assert!(usual().check(&format!("https://gitlab.com/{}", "a".repeat(2000))).is_err());
    }

    #[test]
    fn an_empty_policy_allows_nothing() {
        assert!(policy(&[], &["*"]).check("https://gitlab.com/a").is_err());
        assert!(policy(&["https"], &[]).check("https://gitlab.com/a").is_err());
    }

    #[test]
    fn odd_spellings_of_an_address_are_that_address() {
        let local = policy(&["http"], &["127.0.0.1:*"]);
        assert_eq!(local.check("http://0x7f.1:81/a").unwrap().text(), "http://127.0.0.1:81/a");
        assert!(local.check("http://127.0.0.1/a").is_err(), "the default port is not in the rule");
    }

    #[test]
    fn urls_of_known_forges_become_public_ones() {
        assert_eq!(taken("git@github.com:a/b.git"), "https://github.com/a/b.git");
        assert_eq!(taken("git://github.com/a/b.git"), "https://github.com/a/b.git");
        assert_eq!(taken("ssh://git@gitolite.kernel.org/pub/x"), "https://git.kernel.org/pub/x");
        assert_eq!(taken("gitlab.com:a/b"), "https://gitlab.com/a/b");
    }

    #[test]
    fn ssh_is_taken_where_it_is_allowed_and_never_an_option() {
        let ssh = policy(&["ssh"], &["*"]);
        let url = ssh.check("git@git.example.org:a/b.git").unwrap();
        assert_eq!((url.user.as_deref(), url.path.as_str()), (Some("git"), "/a/b.git"));
        for bad in ["ssh://-oProxyCommand=x/a", "-oX@host:a", "ssh://-x@host/a", "a@-host:b"] {
            assert!(ssh.check(bad).is_err(), "{bad:?}");
        }
        assert!(ssh.check("git@github.com:a/b.git").unwrap().scheme == Scheme::Ssh);
    }

    #[test]
    fn dots_do_not_lead_out_of_a_path() {
        assert_eq!(taken("https://gitlab.com/a/../b"), "https://gitlab.com/b");
        assert!(policy(&["ssh"], &["*"]).check("h:a/../../etc").is_err());
    }

    #[test]
    fn a_configured_url_is_not_held_to_the_host_rules() {
        assert!(RemoteUrl::configured("http://127.0.0.1:1234/x.git").is_ok());
        assert!(RemoteUrl::configured("file:///x").is_err());
        assert!(RemoteUrl::configured("https://u:p@host/x").is_err());
    }

    proptest::proptest! {
        #[test]
        fn whatever_passes_is_within_the_policy(text in "(https|git|ssh|file|ext)?(://|::|:)?[ -~]{0,40}") {
            let all = policy(&["https", "git"], &["*.kernel.org", "gitlab.com"]);
            if let Ok(url) = all.check(&text) {
                assert!(matches!(url.scheme, Scheme::Https | Scheme::Git));
                assert!(url.host == "gitlab.com" || url.host.ends_with(".kernel.org"));
                assert!(url.user.is_none() && url.port == url.scheme.port());
                assert!(!url.text().contains(['@', ' ', '?', '#', '\\']) || url.path.contains('@'));
            }
        }
    }
}
