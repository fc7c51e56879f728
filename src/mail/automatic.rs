//! Tells by a mail's header that a machine sent it: mail systems, list software, other bots. It
//! must not take a person for one: such a mail would be passed over in silence.

use mail_parser::{HeaderForm, HeaderName, HeaderValue, Message};

use crate::pull::cover::Person;

/// Beginnings of header names that only a bot's mail bears.
const BOT_HEADERS: [&str; 13] = [
    "x-gatepost-",
    "x-github-",
    "x-gitlab-",
    "x-gerrit-",
    "x-bugzilla-",
    "x-jenkins-",
    "x-buildbot-",
    "x-pr-tracked-",
    "x-bot",
    "x-cron-env",
    "x-autoreply",
    "x-autorespond",
    "x-failed-recipients",
];

/// Words of an address that no person's address has.
const BOT_WORDS: [&str; 16] = [
    "bot",
    "robot",
    "noreply",
    "donotreply",
    "buildbot",
    "patchbot",
    "testbot",
    "syzbot",
    "pwbot",
    "dependabot",
    "lkp",
    "jenkins",
    "autobuilder",
    "automation",
    "notifications",
    "notification",
];

/// Local parts that a mail system or a list's software writes from.
const MACHINERY: [&str; 8] = [
    "mailer-daemon",
    "postmaster",
    "mailman",
    "mailman-bounces",
    "listserv",
    "majordomo",
    "sympa",
    "mlmmj",
];

/// Whether the header says that no person sent the mail: RFC 3834 (section 5) and what came before
/// it, a null reverse path (RFC 5321, section 4.5.5), a report (RFC 6522), a bot's marks.
pub(super) fn is_automatic(message: &Message<'_>, people: [Option<&Person>; 2]) -> bool {
    let submitted = raw(message, "Auto-Submitted");
    let by_machine = submitted.iter().any(|s| !s.to_ascii_lowercase().starts_with("no"));
    let null_sender = raw(message, "Return-Path").iter().any(|path| path == "<>");
    let answered = raw(message, "Precedence");
    let auto_reply = answered.iter().any(|how| how.eq_ignore_ascii_case("auto_reply"));
    let marked = message.headers().iter().any(|header| {
        let name = header.name.as_str().to_ascii_lowercase();
        BOT_HEADERS.iter().any(|begin| name.starts_with(begin))
    });
    let bot = people.into_iter().flatten().any(is_bot);
    by_machine || null_sender || auto_reply || is_report(message) || marked || bot
}

/// Whether the header says what old vacation programs, mass mailers and Exchange say of what no
/// person wrote. Lists write the like into what people wrote.
pub(super) fn is_in_bulk(message: &Message<'_>) -> bool {
    let says = |name, values: &[&str]| {
        let is = |said: &String| values.iter().any(|value| said.eq_ignore_ascii_case(value));
        raw(message, name).iter().any(is)
    };
    says("Precedence", &["bulk", "junk", "list"])
        || says("X-Auto-Response-Suppress", &["All"])
        || !raw(message, "X-Loop").is_empty()
}

/// Whether an address is one that only a mail system or a list's software writes from.
pub(super) fn is_machinery(from: &Person) -> bool {
    let local = local_part(from);
    let ends = ["-owner", "+owner", "-bounces", "+bounces", "-bounce", "-request", "-admin"];
    MACHINERY.contains(&local.as_str())
        || local.starts_with("owner-")
        || ends.iter().any(|end| local.ends_with(end))
        || ["-bounces+", "+bounces-", "+bounces+"].iter().any(|mark| local.contains(mark))
}

/// Whether an address or a display name is a bot's. A surname that ends in "bot" is none.
fn is_bot(person: &Person) -> bool {
    let local = local_part(person).replace("no-reply", "noreply").replace("no_reply", "noreply");
    let mut words = local.split(|c: char| !c.is_ascii_alphanumeric());
    let name = person.name.as_deref().unwrap_or_default().to_lowercase();
    let name = name.split(" via ").next().unwrap_or_default();
    let called = name.split_whitespace().next_back().map(|word| word.trim_matches('\''));
    words.any(|word| BOT_WORDS.contains(&word))
        || called.is_some_and(|word| ["bot", "robot"].contains(&word))
}

fn local_part(person: &Person) -> String {
    person
        .address
        .rsplit_once('@')
        .map_or(person.address.as_str(), |(local, _)| local)
        .to_ascii_lowercase()
}

fn is_report(message: &Message<'_>) -> bool {
    let kind = message.headers().iter().find(|header| header.name == HeaderName::ContentType);
    let kind = kind.map(|header| &header.value).and_then(HeaderValue::as_content_type);
    kind.is_some_and(|kind| {
        kind.ctype().eq_ignore_ascii_case("multipart")
            && kind.subtype().is_some_and(|sub| sub.eq_ignore_ascii_case("report"))
    })
}

fn raw(message: &Message<'_>, name: &'static str) -> Vec<String> {
    let values = message.header_as(name, HeaderForm::Raw);
    values.iter().filter_map(HeaderValue::as_text).map(|text| text.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str, address: &str) -> Person {
        let name = (!name.is_empty()).then(|| name.to_owned());
        Person { name, address: address.to_owned() }
    }

    #[test]
    fn bots_are_told_from_people() {
        for (name, address) in [
            ("", "pr-tracker-bot@bots.example"),
            ("", "patchwork-bot+devel@bots.example"),
            ("kernel test robot", "oliver@example.org"),
            ("Patchwork Bot via Devel", "devel@lists.example"),
            ("Project CI", "ci_no-reply@bots.example"),
            ("syzbot", "syzbot+0123@bots.example"),
        ] {
            assert!(is_bot(&person(name, address)), "{name} {address}");
        }
        for (name, address) in [
            ("Robin Abbott", "abbot@example.org"),
            ("", "talbot@example.org"),
            ("Bot, Anna", "anna.b@example.org"),
            ("", "notify@robots.example"),
        ] {
            assert!(!is_bot(&person(name, address)), "{name} {address}");
        }
    }

    #[test]
    fn a_lists_own_addresses_are_machinery() {
        for address in [
            "devel-owner@lists.example",
            "owner-devel@lists.example",
            "devel-bounces+alice=example.org@lists.example",
            "devel+bounces-12-alice=example.org@lists.example",
            "MAILER-DAEMON",
            "Majordomo@lists.example",
        ] {
            assert!(is_machinery(&person("", address)), "{address}");
        }
        assert!(!is_machinery(&person("", "alice.owner@example.org")));
    }
}
