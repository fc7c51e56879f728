//! How an author mends a request: in words, and in command lines to copy. What goes into those comes
//! from a mail that anybody may have written in the author's name: only what no shell takes for more
//! than a word is filled in, anything else stays a placeholder. Nothing names a place to push to.

use std::fmt::Display;

use super::{LetterContext, Suggestion, Words};
use crate::pull::cover::Cover;
use crate::pull::ids::ObjectId;

/// What words and commands are made of.
pub(super) struct Mend<'a> {
    pub(super) cover: &'a Cover,
    pub(super) context: &'a LetterContext<'a>,
}

impl Mend<'_> {
    /// What the author of a refused request is told, and nobody else: what is wrong with it, what
    /// that means, and what to do before it is sent again; the first and the third are clauses.
    pub(super) fn words(
        &self,
        first: impl Display,
        means: impl Display,
        how: impl Display,
        commands: Vec<Suggestion>,
    ) -> Words {
        let text = match commands.last() {
            Some(Suggestion::RequestPull { .. }) => ", with the text that the last command prints",
            Some(Suggestion::Order(_) | Suggestion::Show(_) | Suggestion::Shell(_)) | None => "",
        };
        let end = if commands.is_empty() { "." } else { ":" };
        let revision = self.context.next_revision();
        Words {
            first: format!("Not tested: {first}."),
            means: format!("{means} Only you have been told."),
            next: format!("please {how}; then send the request again ({revision}){text}{end}"),
            commands,
        }
    }

    /// The tag's short name, or a placeholder.
    pub(super) fn tag(&self) -> String {
        let name = &self.cover.request.reference;
        let name = name.strip_prefix("refs/").unwrap_or(name);
        let name = name.strip_prefix("tags/").or(name.strip_prefix("heads/")).unwrap_or(name);
        if name == "HEAD" { "<tag>".to_owned() } else { word(name, "<tag>") }
    }

    /// A name for a tag that is to be made of a branch: a tag of the branch's own name would make
    /// both ambiguous (gitrevisions(7)).
    pub(super) fn tag_for_branch(&self) -> String {
        let name = self.tag();
        if name.starts_with('<') { name } else { format!("pull-{}", name.replace('/', "-")) }
    }

    /// Signs a commit under a new tag.
    pub(super) fn sign(&self, tag: &str, tip: &ObjectId) -> Suggestion {
        Suggestion::Shell(format!("git tag -s {tag} {}", tip.short()))
    }

    /// Signs again what the tag leads to.
    fn sign_again(&self, options: &str) -> Suggestion {
        let tag = self.tag();
        Suggestion::Shell(format!("git tag -f {options} {tag} {tag}^{{}}"))
    }

    /// Pushes a tag that the other side does not have.
    pub(super) fn push(&self, tag: &str) -> Suggestion {
        Suggestion::Shell(format!("git push <remote> {tag}"))
    }

    /// Pushes a tag over the one that the other side has.
    pub(super) fn push_over(&self) -> Suggestion {
        Suggestion::Shell(format!("git push -f <remote> {}", self.tag()))
    }

    /// Shows what the other side has, to anybody.
    pub(super) fn look(&self, tag: &str) -> Suggestion {
        Suggestion::Shell(format!("git ls-remote {} {tag}", self.url()).trim_end().to_owned())
    }

    /// Signs again what the tag leads to, pushes it, and prints the text.
    pub(super) fn signed_again(&self, options: &str) -> Vec<Suggestion> {
        vec![self.sign_again(options), self.push_over(), self.request(&self.tag())]
    }

    /// Prints the text of the request, for a tag.
    pub(super) fn request(&self, tag: &str) -> Suggestion {
        self.request_from(&self.url(), tag)
    }

    /// Prints the text of the request, with another URL.
    pub(super) fn request_from(&self, url: &str, tag: &str) -> Suggestion {
        let (base, url, tag) = (self.base(), url.to_owned(), tag.to_owned());
        Suggestion::RequestPull { base, url, tag }
    }

    fn url(&self) -> String {
        word(&self.cover.request.url, "<url>")
    }

    /// What the request builds on, as a word for a command.
    pub(super) fn base(&self) -> String {
        match &self.cover.request.base {
            Some(base) => base.as_str().chars().take(12).collect(),
            None => word(&format!("origin/{}", self.context.branch), "<base>"),
        }
    }

    /// The https address under which a server that is asked by ssh often has the same repository
    /// (git-fetch(1), "GIT URLS").
    pub(super) fn https(&self) -> Option<String> {
        let url = self.cover.request.url.as_str();
        let (host, path) = match url.strip_prefix("ssh://") {
            Some(rest) => rest.split_once('/')?,
            None if url.contains("://") => return None,
            None => url.split_once(':')?,
        };
        let host = host.rsplit('@').next()?.split(':').next()?;
        let path = path.trim_start_matches('/');
        let usual = !host.is_empty() && !path.is_empty() && !path.starts_with('~');
        let url = format!("https://{host}/{path}");
        (usual && is_word(&url)).then_some(url)
    }
}

/// A text that is one plain word to every shell, or the placeholder.
pub(super) fn word(text: &str, placeholder: &str) -> String {
    if is_word(text) { text.to_owned() } else { placeholder.to_owned() }
}

fn is_word(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._/+:@%-".contains(&b);
    !text.is_empty() && text.len() <= 200 && !text.starts_with('-') && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::cover::{Person, Request};

    fn context(branch: &str) -> LetterContext<'_> {
        LetterContext { branch, base: None, pull: None, revision: 1, again: String::new() }
    }

    fn cover(url: &str, reference: &str) -> Cover {
        Cover {
            message_id: "m@example.org".parse().unwrap(),
            subject: "[PULL] x".into(),
            prefixes: vec!["PULL".into()],
            revision: 1,
            author: Person { name: None, address: "alice@example.org".into() },
            references: Vec::new(),
            date: None,
            request: Request {
                url: url.into(),
                reference: reference.into(),
                base: None,
                tip: None,
            },
        }
    }

    #[test]
    fn only_plain_words_get_into_a_command() {
        for bad in ["x`id`", "$(id)", "a;b", "a|b", "a&b", "-x", "a b", "a'b", "ä", "a>b", "a\\b"]
        {
            let cover = cover(bad, bad);
            let context = context(bad);
            let mend = Mend { cover: &cover, context: &context };
            let base = if bad == "-x" { "origin/-x" } else { "<base>" };
            let expected = format!("git request-pull {base} <url> <tag>");
            assert_eq!(mend.request(&mend.tag()).typed(), expected, "{bad}");
        }
    }

    #[test]
    fn an_ssh_address_is_turned_into_https() {
        for (url, https) in [
            ("git@git.example.org:a/b.git", Some("https://git.example.org/a/b.git")),
            ("ssh://git@git.example.org:22/a/b.git", Some("https://git.example.org/a/b.git")),
            ("git.example.org:/a/b.git", Some("https://git.example.org/a/b.git")),
            ("ssh://git.example.org/~alice/b.git", None),
            ("git://git.example.org/a/b.git", None),
            ("git@git.example.org:a/$(id)", None),
        ] {
            let cover = cover(url, "tags/x");
            assert_eq!(
                Mend { cover: &cover, context: &context("master") }.https().as_deref(),
                https,
                "{url}"
            );
        }
    }

    #[test]
    fn a_branch_gets_a_tag_of_another_name() {
        let name = |reference| {
            let cover = cover("https://git.example.org/x.git", reference);
            Mend { cover: &cover, context: &context("master") }.tag_for_branch()
        };
        assert_eq!(name("for-upstream"), "pull-for-upstream");
        assert_eq!(name("refs/heads/next/block"), "pull-next-block");
        assert_eq!(name("HEAD"), "<tag>");
    }
}
