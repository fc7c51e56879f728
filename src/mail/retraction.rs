//! Finds the sentence in which the author of a request takes it back: "please drop this one",
//! "self-NAK", "superseded by v2". It reads a person's own words in plain English; quotes,
//! signatures and patches are left out. It must not say whether the person may: nobody signed the
//! mail, so a sentence found here is told to people and changes nothing.

use std::sync::LazyLock;

use mail_parser::MessageParser;
use regex::Regex;

use super::body;
use super::reader::contained;
use crate::pull::clean;

/// How many characters of the sentence are kept.
const KEPT: usize = 300;

/// A longer sentence is a discussion.
const LONGEST: usize = 400;

/// How much of a mail is looked at: whoever takes something back says so soon.
const LINES: usize = 60;

/// What is taken back.
const THING: &str = concat!(
    r"(?:(?:this|that|the|my|it|these|those)\b(?:\s+(?:whole|entire|last|latest|previous|first|",
    r"above|old|earlier|current|v\d+|\[?git|\[?pull\]?))*",
    r"(?:\s+(?:one|pull[- ]?req(?:uest)?s?|pullreqs?|prs?|requests?|series|version|e?mails?|tag|",
    r"v\d+|set|patch\s?set|patch\s?series|submission|posting|message)\b)?",
    r"|v\d+\b|pull[- ]?requests?\b)",
);

/// What may follow it: the end, a pause, or a word that begins a clause; no other noun.
const AFTER: &str = concat!(
    r"(?:\s*$|\s*[,:;()!\u{2013}\u{2014}]|\s+-|\s+(?:for|until|till|because|as|since|and|but|then|",
    r"instead|i'?ll|i|we|sorry|again|due|while|altogether|entirely|completely|please|now|yet|",
    r"there|it|will|was|with|which|that|at|too|",
    r"from\s+(?:your|the)\s+(?:queue|list|tree|branch|staging))\b)",
);

/// Where an order begins: at the sentence, after a word or two with a comma, or after "please".
const ORDER: &str = concat!(
    r"(?:^(?:(?:[\w'.-]+\s?){1,3}[,:\u{2014}-]\s*){0,2}(?:so\s+|actually\s+|just\s+)?",
    r"|\b(?:please|pls|plz|kindly|can you|could you|let'?s|better)\s+(?:just\s+|also\s+|all\s+)?)",
);

static PATTERNS: LazyLock<Vec<Option<Regex>>> = LazyLock::new(|| {
    let verb = "(?:ignore|disregard|drop|discard|withdraw|retract|scratch|skip|cancel|unqueue)";
    let take = "(?:pull|merge|apply|take|process|queue|test)";
    let not = r"(?:do\s+not|don'?t)";
    let meaning = concat!(
        r"(?:'m|\s+am|(?:'d|\s+would)\s+like\s+to|\s+(?:want|have|need)\s+to|",
        r"\s+hereby|'ll|\s+will)",
    );
    let undo = "(?:withdraw|withdrawing|retract|retracting|cancel|dropping|drop)";
    let is = r"(?:is|are|has\s+been|should\s+be|can\s+be|was)";
    let gone = "(?:withdrawn|retracted|dropped|cancelled|canceled|void|obsolete|ignored|dead)";
    [
        format!("{ORDER}{verb}\\s+{THING}{AFTER}"),
        format!("{ORDER}{not}\\s+(?:yet\\s+)?{take}\\s+{THING}{AFTER}"),
        format!(r"{ORDER}{not}\s+{take}\s*(?:$|[,!]|(?:yet|now|just yet)\b)"),
        format!(r"{ORDER}hold\s+off\b(?:\s*$|\s*[,:;(-]|\s+(?:on|with|for|until|from)\b)"),
        format!(r"\bi{meaning}?\s+{undo}\s+{THING}{AFTER}"),
        format!(r"\bconsider\s+{THING}\s+(?:as\s+)?{gone}\b"),
        format!(r"^(?:\w+,\s+)?{THING}\s+{is}\s+(?:now\s+|hereby\s+)?{gone}\b"),
        r"^(?:please\s+)?self[- ]?nac?k\b|\bself[- ]nac?k(?:ed|ing)?\b".to_owned(),
        r"^nac?k\b\s*(?:$|.*\b(?:v\d+|respin|resend|repost|new\s+(?:version|pull|tag)|myself)\b)"
            .to_owned(),
        format!(
            r"^(?:{THING}\s+(?:{is}|will\s+be|got)\s+)?(?:now\s+)?superseded\b(?:\s*$|\s+by\b)"
        ),
        concat!(
            r"\b(?:i'?ll|i\s+will|let\s+me|i'?m\s+going\s+to)\s+(?:\w+\s+)?",
            r"(?:send|post|prepare|do|make|spin|push)\s+(?:out\s+)?(?:an?\s+|the\s+)?",
            r"(?:(?:fixed|new|corrected)\s+)?v\d+(?:\s*$|\s*[,;:(-]|\s+(?:soon|shortly|later|",
            r"today|tomorrow|with|without|once|when|after|then|that|which|and|instead|for|in|on|",
            r"as|now)\b)",
        )
        .to_owned(),
        format!(
            r"\b(?:i'?ll|i\s+will|will|let\s+me|going\s+to)\s+respin\b(?:\s*$|\s+{THING}{AFTER})"
        ),
    ]
    .iter()
    .map(|pattern| Regex::new(pattern).ok())
    .collect()
});

/// What makes a sentence a question of what to do, or speak of a case that may not come.
static UNLESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^if\b|\bif\s+(?:you|we|that|there|needed|necessary)\b|",
        r"^(?:should|shall|do|does|did|is|was|are|what|why|(?:can|could|may)\s+(?:i|we))\b.*\?$",
    ))
    .ok()
});

/// The sentence in which a mail takes back what it answers, cleaned and cut; `None` if it does not.
pub(crate) fn retraction(bytes: &[u8]) -> Option<String> {
    contained(|| {
        let message = MessageParser::default().parse(super::without_envelope(bytes))?;
        body::texts(&message).iter().flatten().find_map(|text| said(text))
    })
    .flatten()
}

/// The sentence in a text that takes something back.
fn said(text: &str) -> Option<String> {
    let own = own_words(text);
    let found = own.iter().flat_map(|paragraph| sentences(paragraph)).find(|s| takes_back(s))?;
    Some(clean::cut(&clean::words(&found), KEPT))
}

fn takes_back(sentence: &str) -> bool {
    if sentence.chars().count() > LONGEST {
        return false;
    }
    let plain = sentence.to_lowercase().replace(['\u{2019}', '\u{2018}', '`'], "'");
    let words = plain.trim_end_matches(['.', '!', '?', ' ']);
    let unless = UNLESS.as_ref().is_some_and(|pattern| pattern.is_match(&plain));
    !unless && PATTERNS.iter().flatten().any(|pattern| pattern.is_match(words))
}

/// A text's own paragraphs, up to a signature, a patch or a forwarded mail.
fn own_words(text: &str) -> Vec<String> {
    let ends = |line: &str| {
        let line = line.trim_end();
        ["--", "---", "-----Original Message-----"].contains(&line)
            || ["diff --git ", "@@ -", "----- ", "_____", "------"]
                .iter()
                .any(|s| line.starts_with(s))
    };
    let quoted = |line: &str| {
        let line = line.trim_start();
        line.starts_with(['>', '|']) || (line.starts_with("On ") && line.ends_with("wrote:"))
    };
    let mut paragraphs = vec![String::new()];
    for line in text.lines().take_while(|line| !ends(line)).take(LINES) {
        if line.trim().is_empty() || quoted(line) {
            paragraphs.push(String::new());
        } else if let Some(last) = paragraphs.last_mut() {
            last.push_str(line.trim());
            last.push(' ');
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

/// A paragraph's sentences, with the mark that ends them.
fn sentences(paragraph: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut sentence = String::new();
    let mut letters = paragraph.trim().chars().peekable();
    while let Some(c) = letters.next() {
        sentence.push(c);
        let ended = matches!(c, '.' | '!' | '?' | ';')
            && letters.peek().is_none_or(|next| next.is_whitespace());
        if ended {
            found.push(sentence.trim().to_owned());
            sentence.clear();
        }
    }
    found.push(sentence.trim().to_owned());
    found.retain(|sentence| !sentence.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert!(PATTERNS.iter().all(Option::is_some) && UNLESS.is_some());
    }

    #[test]
    fn words_that_take_a_request_back_are_seen() {
        for text in [
            "Please ignore this pull request.",
            "Please ignore this PULL, I forgot a patch.",
            "please drop this one",
            "Pls drop this pull request; there is a build failure on s390x.",
            "Sorry, please disregard this series.",
            "Hi Peter,\n\nplease ignore this,\nI will repost.",
            "NAK, I'll send a v2",
            "Nack, will respin.",
            "NAK",
            "self-NAK",
            "Self NACK: patch 3 breaks the build.",
            "Please drop this one, patch 3 breaks the build.",
            "Please drop this from your queue.",
            "Could you drop this one?",
            "Scratch that, I pushed the wrong tag.",
            "Scratch this pull request.",
            "Don't pull this!",
            "Please don’t pull this yet.",
            "Please do not merge this, CI is red.",
            "Peter, don't merge.",
            "Please hold off.",
            "Please hold off on merging this until tomorrow.",
            "Hold off, this is broken.",
            "Superseded by v2.",
            "This has been superseded by v2",
            "This pull request is superseded by the one I just sent.",
            "I'm withdrawing this pull request.",
            "I would like to withdraw this.",
            "This pull request is withdrawn.",
            "Please consider this withdrawn.",
            "Can you drop this pull request for now.",
            "Let's drop this one, the tag is wrong.",
            "Oops, wrong tag, please ignore v1.",
            "Found a bug in here. I'll send a v2 soon.",
            "I will respin this.",
            "On Monday Alice wrote:\n> Please pull.\n\nPlease drop the whole series.\n",
            "Please cancel this pull request",
            "Please skip this one, sorry for the noise.",
        ] {
            assert!(said(text).is_some(), "{text}");
        }
    }

    #[test]
    fn other_words_are_not() {
        for text in [
            "Please pull.",
            "Thanks, please pull this one instead of waiting.",
            "Please ignore the whitespace warning.",
            "Please ignore the checkpatch errors in patch 3.",
            "You can ignore this warning, it is a false positive.",
            "Please ignore this warning from checkpatch.",
            "I dropped patch 3 and resent as v2 here.",
            "I have dropped the broken test from this series.",
            "Please drop patch 3 when you apply it.",
            "Please drop it from patch 3.",
            "I'll send a v2 of patch 3 with the next pull.",
            "> Please ignore this pull request.\n\nNo, it is fine.",
            "On Monday Bob wrote:\n>> please drop this\nThat was about another one.",
            "Thanks!\n-- \nPlease ignore this mail's footer\n",
            "diff --git a/x b/x\n+please drop this\n",
            "Patch 2 was superseded by commit 0123456789ab.",
            "If you prefer I'll send a v2.",
            "Should I send a v2?",
            "Is this superseded by v2?",
            "Can we drop this one?",
            "If that is a problem, please drop this.",
            "NAK, that would break migration of older machines.",
            "I don't pull this in from anywhere else.",
            "We do not merge this kind of change in a freeze.",
            "The drop this causes in throughput is below one percent.",
            "This drops the old interface.",
            "v2 fixes the build on s390x.",
            "The changes since v1: dropped the iotests patch.",
            "Applied, thanks.",
            "I'll hold off on the next one until this has landed.",
            "It ignores this one register.",
        ] {
            assert_eq!(said(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_said_is_one_bounded_line() {
        let text = format!("Please drop this, {}", "because ".repeat(40));
        let said = said(&text).unwrap();
        assert!(said.chars().count() <= 300 && !said.contains('\n'));
        assert_eq!(
            super::said("Hello.\nPlease\ndrop this\none. Bye."),
            Some("Please drop this one.".into())
        );
    }

    #[test]
    fn the_mail_around_it_is_read() {
        let mail = b"From: a@example.org\r\nContent-Type: text/plain; charset=utf-8\r\n\
            Content-Transfer-Encoding: quoted-printable\r\n\r\nPlease =\r\nignore this.\r\n";
        assert_eq!(retraction(mail), Some("Please ignore this.".into()));
        assert_eq!(retraction(b""), None);
    }
}
