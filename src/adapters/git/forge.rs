//! The public forges: where each serves over https what its other URLs name. An author's push URL,
//! pasted, becomes one that needs no key. Pure; whether a host is fetched from is the policy's
//! word, spoken on what comes out.

use super::url::{RemoteUrl, Scheme};

/// A forge that serves every public repository over https under the path that ssh uses.
struct Forge {
    /// The host of its https URLs.
    host: &'static str,
    /// Other hosts that its ssh URLs name.
    ssh: &'static [&'static str],
    /// Whether it serves git's own protocol. GitHub ended that in 2022
    /// (<https://github.blog/security/application-security/improving-git-protocol-security-github/>).
    git: bool,
}

const fn forge(host: &'static str) -> Forge {
    Forge { host, ssh: &[], git: false }
}

const FORGES: [Forge; 11] = [
    Forge { host: "github.com", ssh: &["ssh.github.com"], git: false },
    Forge { host: "gitlab.com", ssh: &["altssh.gitlab.com"], git: false },
    Forge { host: "git.kernel.org", ssh: &["gitolite.kernel.org", "ra.kernel.org"], git: true },
    Forge { host: "gitlab.freedesktop.org", ssh: &["ssh.gitlab.freedesktop.org"], git: false },
    forge("codeberg.org"),
    forge("git.sr.ht"),
    forge("bitbucket.org"),
    forge("salsa.debian.org"),
    forge("invent.kde.org"),
    forge("gitlab.gnome.org"),
    forge("gitee.com"),
];

/// The URL under which anybody can fetch what a forge's URL names; other URLs stay as they are.
pub(super) fn public(url: RemoteUrl) -> RemoteUrl {
    let known = |forge: &&Forge| forge.host == url.host || forge.ssh.contains(&url.host.as_str());
    let Some(forge) = FORGES.iter().find(known) else { return url };
    // ssh.github.com and altssh.gitlab.com answer on 443.
    let usual = url.port == url.scheme.port() || forge.host != url.host;
    let closed = match url.scheme {
        Scheme::Ssh => usual,
        Scheme::Git => usual && !forge.git,
        Scheme::Https | Scheme::Http => false,
    };
    if !closed {
        return url;
    }
    let (scheme, host) = (Scheme::Https, forge.host.to_owned());
    RemoteUrl { scheme, user: None, host, port: scheme.port(), path: url.path }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str) -> String {
        public(RemoteUrl::configured(text).unwrap()).text()
    }

    #[test]
    fn a_forges_own_urls_become_https() {
        for (given, fetched) in [
            ("git@github.com:a/b.git", "https://github.com/a/b.git"),
            ("github.com:a/b", "https://github.com/a/b"),
            ("ssh://git@ssh.github.com:443/a/b.git", "https://github.com/a/b.git"),
            ("git://github.com/a/b.git", "https://github.com/a/b.git"),
            ("ssh://git@gitlab.com/a/b.git", "https://gitlab.com/a/b.git"),
            ("git@git.sr.ht:~a/b", "https://git.sr.ht/~a/b"),
            ("git@codeberg.org:a/b.git", "https://codeberg.org/a/b.git"),
            (
                "ssh://git@gitolite.kernel.org/pub/scm/linux/kernel/git/a/b.git",
                "https://git.kernel.org/pub/scm/linux/kernel/git/a/b.git",
            ),
            (
                "git@gitolite.kernel.org:pub/scm/virt/a/b.git",
                "https://git.kernel.org/pub/scm/virt/a/b.git",
            ),
            ("git@ssh.gitlab.freedesktop.org:a/b.git", "https://gitlab.freedesktop.org/a/b.git"),
        ] {
            assert_eq!(rewritten(given), fetched);
        }
    }

    #[test]
    fn what_can_be_fetched_or_is_no_forge_stays() {
        for url in [
            "https://github.com/a/b.git",
            "git://git.kernel.org/pub/scm/a/b.git",
            "ssh://forge.example/a/b.git",
            "git://repo.example/a.git",
            "ssh://github.com.example/a/b.git",
            "ssh://github.com:2222/a/b.git",
        ] {
            assert_eq!(rewritten(url), url);
        }
    }
}
