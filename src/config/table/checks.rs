//! The keys of `[target.checks]`.

use super::super::keys::Key;
use super::super::keys::Presence::Default;
use super::kinds::{COUNT, key};

const DUTY: &str = "\"refuse\", \"hold\" or \"off\"";

pub(super) const CHECKS: &[Key] = &[
    key(
        "list_attributed",
        DUTY,
        Default("\"refuse\""),
        "Commits whose author is one of the configured lists, as after a rewritten sender.",
    ),
    key(
        "author_sign_off",
        DUTY,
        Default("\"refuse\""),
        "Commits (not merges) without a Signed-off-by of their author, by address or name.",
    ),
    key(
        "submitter_sign_off",
        DUTY,
        Default("\"off\""),
        "Commits (not merges) without a Signed-off-by of whoever signed the tag.",
    ),
    key("utf8", DUTY, Default("\"refuse\""), "Messages and authors that are not UTF-8."),
    key("submodules", DUTY, Default("\"hold\""), "Changes to submodules or to .gitmodules."),
    key("merges", DUTY, Default("\"off\""), "Merges among the commits."),
    key("empty", DUTY, Default("\"refuse\""), "A tip whose files are those that it was made from."),
    key(
        "base",
        DUTY,
        Default("\"hold\""),
        "A base in the mail that no repository has, or that the tag is not built on.",
    ),
    key(
        "ci_skip",
        DUTY,
        Default("\"off\""),
        "A tip whose message has [ci skip] or [skip ci]; the test itself runs regardless.",
    ),
    key("nacked", DUTY, Default("\"hold\""), "Commits with a Nacked-by."),
    key("frozen", DUTY, Default("\"hold\""), "A request for a target that a command has frozen."),
    key("too_many", DUTY, Default("\"hold\""), "More commits than `max_commits`."),
    key(
        "max_commits",
        COUNT,
        Default("1000"),
        "How many commits are looked at; of more, the newest.",
    ),
];
