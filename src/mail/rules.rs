//! What is done with a mail on one list: its markers, what else is accepted, who may submit, where
//! a request goes. The reader says what a mail is; this says what follows from that here. Pure: the
//! bot and `gatepost scan --config` ask the same rules. It must not read text bodies, and must not
//! know keys: whom a signature proves is decided later.

mod phrase;

use std::fmt;

use globset::GlobMatcher;

use super::heading::Heading;
use super::reader::{DEFAULT_REFERENCE, Reading};
use super::reason::Reason;
use crate::pull::cover::Cover;
use crate::pull::ids::{ListName, TargetName};
use crate::pull::subject::Subject;

pub(crate) use self::phrase::Phrase;
use self::phrase::words;

/// One list's rules.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// The list's name in the configuration.
    pub(crate) list: ListName,
    /// Its posting address.
    pub(crate) address: String,
    /// Its List-Id, without brackets.
    pub(crate) list_id: Option<String>,
    /// What marks a request in the subject.
    pub(crate) markers: Vec<Phrase>,
    /// What is acted on besides requests of the usual form.
    pub(crate) accept: Vec<Unusual>,
    /// Where requests go whose subject has those words.
    pub(crate) targets: Vec<(Phrase, Goal)>,
    /// Where all others go.
    pub(crate) target: Goal,
    /// Words in the subject's brackets that say it is for somebody else.
    pub(crate) not_for_us: Vec<Phrase>,
    /// Who may submit, by address; empty: anybody (the signature decides).
    pub(crate) submitters: Vec<GlobMatcher>,
    /// Whether the author of a near miss is told.
    pub(crate) near_misses: bool,
    /// Whether a signed `gatepost: retest` on one of its threads counts.
    pub(crate) retest_by_mail: bool,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Goal {
    /// The target.
    pub(crate) target: TargetName,
    /// Its branch.
    pub(crate) branch: String,
}

/// What a list may accept besides requests of the usual form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unusual {
    /// A request whose subject has no marker.
    Unmarked,
    /// A request in a mail with `[PATCH]` in its subject.
    PatchSeries,
    /// A whole request in the own words of an answer.
    Answers,
}

/// What is done with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// It is a request, and goes there.
    Act {
        /// Where.
        target: TargetName,
    },
    /// It is left alone.
    Leave {
        /// Why.
        reason: Left,
    },
    /// It is meant to be a request and is none: its author may be told.
    NearMiss {
        /// What is wrong with it.
        miss: Miss,
    },
}

/// Why a mail is left alone on a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Left {
    /// For what it is.
    Mail(Reason),
    /// It asks for a pull, but without a marker of this list.
    NoMarkerHere,
    /// Its subject names somebody else.
    NotForUs {
        /// The words that say so, as the rule has them.
        word: String,
    },
    /// Its sender may not submit here.
    NotSubmitter,
}

/// What keeps a mail from being the request that it is meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Miss {
    /// The subject asks, and the text names no repository.
    NoRequest,
}

impl Rules {
    fn is_by_id(&self, heading: &Heading) -> bool {
        let (Some(ours), Some(theirs)) = (&self.list_id, &heading.list_id) else { return false };
        ours.eq_ignore_ascii_case(theirs)
    }

    fn is_by_address(&self, heading: &Heading) -> bool {
        heading.to_cc.iter().any(|to| to.eq_ignore_ascii_case(&self.address))
    }

    /// Whether the body has to be read to say what is done: `false` only if nothing in it could
    /// make the mail one that is acted on.
    pub(crate) fn worth_reading(&self, heading: &Heading) -> bool {
        match heading.refusal() {
            None => true,
            Some(Reason::Answer) => self.accepts(Unusual::Answers),
            Some(Reason::NoMarker) => {
                self.accepts(Unusual::Unmarked)
                    || self.is_marked(heading)
                    || self.accepts(Unusual::PatchSeries) && heading.marks.patch
            }
            Some(_) => false,
        }
    }

    /// Says what is done with a mail that came by this list.
    pub(crate) fn judge(&self, heading: &Heading, reading: &Reading) -> Ruling {
        let left = match reading {
            Reading::Request(_) => self.left(heading),
            Reading::Aside { cover, reason } if self.takes(heading, cover, *reason) => {
                self.left(heading)
            }
            Reading::Aside { reason, .. } => Some(Left::Mail(*reason)),
            Reading::Not { reason: Reason::NoRequest | Reason::NoBlock, .. }
                if self.is_meant(heading) =>
            {
                return match self.left(heading) {
                    Some(reason) => Ruling::Leave { reason },
                    None => Ruling::NearMiss { miss: Miss::NoRequest },
                };
            }
            Reading::Not { reason, .. } => Some(Left::Mail(*reason)),
        };
        match left {
            Some(reason) => Ruling::Leave { reason },
            None => Ruling::Act { target: self.goal(heading).target.clone() },
        }
    }

    /// Where a request goes: what its brackets say counts before the rest of the subject, and of
    /// several words that fit the longest.
    pub(crate) fn goal(&self, heading: &Heading) -> &Goal {
        self.named_goal(heading).unwrap_or(&self.target)
    }

    fn named_goal(&self, heading: &Heading) -> Option<&Goal> {
        let brackets = heading.marks.prefixes.join(" / ");
        [brackets.as_str(), heading.subject.as_str()].into_iter().find_map(|text| {
            let fitting = self.targets.iter().filter(|(phrase, _)| phrase.is_in(text));
            fitting.max_by_key(|(phrase, _)| phrase.length()).map(|(_, goal)| goal)
        })
    }

    /// Whether somebody is among those who may submit; never where the list names nobody.
    pub(crate) fn names_submitter(&self, address: &str) -> bool {
        self.submitters.iter().any(|glob| glob.is_match(address.trim()))
    }

    fn accepts(&self, unusual: Unusual) -> bool {
        self.accept.contains(&unusual)
    }

    /// Whether the subject has a marker. What "pull" is the reader has said already.
    fn is_marked(&self, heading: &Heading) -> bool {
        self.markers.iter().any(|marker| {
            if is_pull(marker) { heading.marks.marker } else { marker.is_in(&heading.subject) }
        })
    }

    /// Whether something that names what to pull, and is no request of the usual form, is acted on
    /// here all the same.
    fn takes(&self, heading: &Heading, cover: &Cover, reason: Reason) -> bool {
        match reason {
            Reason::NoMarker => self.accepts(Unusual::Unmarked) || self.is_marked(heading),
            Reason::PatchSeries => self.accepts(Unusual::PatchSeries),
            Reason::Answer => self.accepts(Unusual::Answers) && is_whole(cover),
            // "Not for master", and the subject names another branch of ours.
            Reason::Elsewhere => {
                let named = self.named_goal(heading);
                !heading.marks.subsystem && named.is_some_and(|goal| goal.branch != "master")
            }
            Reason::Unreadable
            | Reason::NoMessageId
            | Reason::NoAuthor
            | Reason::Automatic
            | Reason::ListMachinery
            | Reason::Patch
            | Reason::NoRequest
            | Reason::NoBlock
            | Reason::Quoted => false,
        }
    }

    /// Why a request is left alone on this list.
    fn left(&self, heading: &Heading) -> Option<Left> {
        let patch = heading.marks.patch && self.accepts(Unusual::PatchSeries);
        if !self.is_marked(heading) && !self.accepts(Unusual::Unmarked) && !patch {
            return Some(Left::NoMarkerHere);
        }
        if heading.marks.subsystem {
            return Some(Left::Mail(Reason::Elsewhere));
        }
        if let Some(word) = self.somebody_else(heading) {
            return Some(Left::NotForUs { word });
        }
        let author = heading.author.as_ref().map(|author| author.address.as_str());
        let known = author.is_some_and(|author| self.names_submitter(author));
        (!self.submitters.is_empty() && !known).then_some(Left::NotSubmitter)
    }

    fn somebody_else(&self, heading: &Heading) -> Option<String> {
        let named = self
            .not_for_us
            .iter()
            .find(|phrase| heading.marks.prefixes.iter().any(|inside| phrase.is_in(inside)));
        if let Some(phrase) = named {
            return Some(phrase.text().to_owned());
        }
        let branch = format!("not for {}", self.goal(heading).branch);
        Phrase::new(&branch).filter(|phrase| phrase.is_in(&heading.subject)).map(|_| branch)
    }

    /// Whether a mail that names nothing to pull is meant to be a request: a marker in a leading
    /// bracket or in front of a colon, and no patch of a series, no answer.
    fn is_meant(&self, heading: &Heading) -> bool {
        let marks = &heading.marks;
        let plain = !marks.answer && !marks.patch && marks.number.is_none_or(|n| n == 0);
        let asks = |text: &str| {
            self.markers.iter().any(|marker| marker.is_in(text)) && words(text).len() <= LEADING
        };
        let before_colon =
            Subject::of(&heading.subject).rest.split_once(':').map(|(front, _)| front);
        let leads =
            marks.prefixes.iter().any(|inside| asks(inside)) || before_colon.is_some_and(asks);
        plain && leads
    }
}

/// How many words there may be where a marker leads: `PULL SUBSYSTEM ppc for-9.0 v3 00/10`.
const LEADING: usize = 9;

/// The list that a mail came by: by List-Id, else by address; where there is but one list, and it
/// has no List-Id, all is that list's.
pub(crate) fn choose<'a>(lists: &'a [Rules], heading: &Heading) -> Option<&'a Rules> {
    let only = || match lists {
        [only] if only.list_id.is_none() => Some(only),
        _ => None,
    };
    let by_id = lists.iter().find(|rules| rules.is_by_id(heading));
    by_id.or_else(|| lists.iter().find(|rules| rules.is_by_address(heading))).or_else(only)
}

fn is_pull(marker: &Phrase) -> bool {
    marker.text().eq_ignore_ascii_case("pull")
}

/// Whether a request names both ref and tip, as `git request-pull` does.
fn is_whole(cover: &Cover) -> bool {
    cover.request.tip.is_some() && cover.request.reference != DEFAULT_REFERENCE
}

impl fmt::Display for Left {
    /// The reason as a clause, for lists and logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mail(reason) => f.write_str(reason.words()),
            Self::NoMarkerHere => f.write_str("its subject has no marker of this list"),
            Self::NotForUs { word } => write!(f, "its subject says {word:?}: not for us"),
            Self::NotSubmitter => f.write_str("its sender is none of this list's submitters"),
        }
    }
}

impl Miss {
    /// What is wrong, as a clause.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::NoRequest => "its text names no repository to pull from",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail;

    impl Rules {
        /// The rules of a list that says nothing about them.
        pub(crate) fn usual(
            list: ListName,
            address: impl Into<String>,
            list_id: Option<String>,
            target: Goal,
        ) -> Self {
            Self {
                list,
                address: address.into(),
                list_id,
                markers: Phrase::new("pull").into_iter().collect(),
                accept: Vec::new(),
                targets: Vec::new(),
                target,
                not_for_us: Vec::new(),
                submitters: Vec::new(),
                near_misses: true,
                retest_by_mail: false,
            }
        }
    }

    const BLOCK: &str = "are available in the Git repository at:\n\n  https://git.example.org/x.git \
                         tags/x\n\nfor you to fetch changes up to \
                         0123456789abcdef0123456789abcdef01234567:\n";

    fn goal(name: &str) -> Goal {
        Goal { target: TargetName::new(name), branch: name.into() }
    }

    fn rules() -> Rules {
        let id = Some("devel.lists.example.org".to_owned());
        Rules::usual(ListName::new("devel"), "devel@lists.example.org", id, goal("master"))
    }

    fn phrases(texts: &[&str]) -> Vec<Phrase> {
        texts.iter().map(|text| Phrase::new(text).unwrap()).collect()
    }

    /// What the rules say of a mail; and that its body would have been read if it is acted on.
    #[track_caller]
    fn ruling(rules: &Rules, subject: &str, body: &str) -> Ruling {
        let mail = format!(
            "From: Alice <alice@example.org>\nMessage-ID: <1@example.org>\nSubject: {subject}\n\n\
             {body}"
        );
        let heading = mail::heading(mail.as_bytes());
        let ruling = rules.judge(&heading, &mail::read(mail.as_bytes()));
        let leave = matches!(ruling, Ruling::Leave { .. });
        assert!(leave || rules.worth_reading(&heading), "{subject}: not worth reading");
        ruling
    }

    #[track_caller]
    fn acts(rules: &Rules, subject: &str, body: &str, on: &str) {
        let expected = Ruling::Act { target: TargetName::new(on) };
        assert_eq!(ruling(rules, subject, body), expected, "{subject}");
    }

    #[track_caller]
    fn leaves(rules: &Rules, subject: &str, body: &str, reason: Left) {
        assert_eq!(ruling(rules, subject, body), Ruling::Leave { reason }, "{subject}");
    }

    #[test]
    fn the_usual_rules_act_on_what_the_reader_takes_for_a_request() {
        for subject in ["[PULL 0/3] x", "[GIT,PULL] x", "PULL: x", "GIT PULL] x", "x pull request"]
        {
            acts(&rules(), subject, BLOCK, "master");
        }
        leaves(&rules(), "Re: [PULL] x", BLOCK, Left::Mail(Reason::Answer));
        leaves(&rules(), "x", BLOCK, Left::Mail(Reason::NoMarker));
        leaves(&rules(), "[PATCH 0/3] x", BLOCK, Left::Mail(Reason::PatchSeries));
        leaves(&rules(), "[PATCH 0/3] pull x", BLOCK, Left::Mail(Reason::PatchSeries));
        leaves(&rules(), "[PULL SUBSYSTEM ppc] x", BLOCK, Left::Mail(Reason::Elsewhere));
    }

    #[test]
    fn a_list_may_accept_more() {
        let accepting = |unusual| Rules { accept: vec![unusual], ..rules() };
        acts(&accepting(Unusual::Unmarked), "x", BLOCK, "master");
        let asking = format!("Please pull.\n\n{BLOCK}");
        acts(&accepting(Unusual::PatchSeries), "[PATCH 0/3] x", &asking, "master");
        acts(&accepting(Unusual::PatchSeries), "[PATCH 0/3] pull x", &asking, "master");
        acts(&accepting(Unusual::Answers), "Re: [PULL] x", BLOCK, "master");
        let answers = accepting(Unusual::Answers);
        let bare = BLOCK.replace(" tags/x", "");
        leaves(&answers, "Re: [PULL] x", &bare, Left::Mail(Reason::Answer));
        leaves(&answers, "Re: x", BLOCK, Left::NoMarkerHere);
        leaves(&answers, "x", BLOCK, Left::Mail(Reason::NoMarker));
    }

    #[test]
    fn a_list_has_its_own_markers() {
        let own = Rules { markers: phrases(&["GIT PULL", "merge request"]), ..rules() };
        acts(&own, "[git pull] x", BLOCK, "master");
        acts(&own, "[MERGE-REQUEST] x", BLOCK, "master");
        leaves(&own, "[PULL] x", BLOCK, Left::NoMarkerHere);
        leaves(&own, "merger request", BLOCK, Left::Mail(Reason::NoMarker));
    }

    #[test]
    fn the_target_is_the_longest_word_of_the_subject_and_brackets_count_first() {
        let by_subject = ["9.0", "for-9.0", "stable"]
            .map(|words| (Phrase::new(words).unwrap(), goal(&format!("to {words}"))));
        let rules = Rules { targets: by_subject.into(), ..rules() };
        acts(&rules, "[PULL for-9.0 v3 00/10] x", BLOCK, "to for-9.0");
        acts(&rules, "[PULL for 9.0] x", BLOCK, "to for-9.0");
        acts(&rules, "[PULL 9.0] x", BLOCK, "to 9.0");
        acts(&rules, "[PULL] fixes for 9.0", BLOCK, "to for-9.0");
        acts(&rules, "[PULL stable] fixes for 9.0", BLOCK, "to stable");
        acts(&rules, "[PULL for-9.0.1] x", BLOCK, "master");
        acts(&rules, "[PULL] x", BLOCK, "master");
        let turned = rules.targets.iter().rev().cloned().collect();
        let rules = Rules { targets: turned, ..rules };
        acts(&rules, "[PULL for-9.0 v3 00/10] x", BLOCK, "to for-9.0");
    }

    #[test]
    fn what_is_not_for_master_is_for_the_branch_that_its_subject_names() {
        let body = format!("This is not for master.\n\n{BLOCK}");
        leaves(&rules(), "[PULL] x", &body, Left::Mail(Reason::Elsewhere));
        let stable = (Phrase::new("for-9.0").unwrap(), goal("stable-9.0"));
        let rules = Rules { targets: vec![stable], ..rules() };
        acts(&rules, "[PULL for-9.0] x", &body, "stable-9.0");
        leaves(&rules, "[PULL] x", &body, Left::Mail(Reason::Elsewhere));
        leaves(&rules, "[PULL SUBSYSTEM for-9.0] x", &body, Left::Mail(Reason::Elsewhere));
    }

    #[test]
    fn what_is_for_somebody_else_is_left() {
        let not_for_us = |word: &str| Left::NotForUs { word: word.into() };
        let rules = Rules { not_for_us: phrases(&["kvm-unit-tests"]), ..rules() };
        leaves(&rules, "[kvm-unit-tests PULL 0/3] x", BLOCK, not_for_us("kvm-unit-tests"));
        acts(&rules, "[PULL 0/3] use kvm-unit-tests", BLOCK, "master");
        leaves(&rules, "[PULL, not for master] x", BLOCK, Left::Mail(Reason::Elsewhere));
        let rules = Rules { target: goal("next"), ..rules };
        leaves(&rules, "[PULL, not for next] x", BLOCK, not_for_us("not for next"));
    }

    #[test]
    fn only_submitters_submit_where_some_are_named() {
        let glob = |text| globset::GlobBuilder::new(text).case_insensitive(true).build().unwrap();
        let only = |text| Rules { submitters: vec![glob(text).compile_matcher()], ..rules() };
        acts(&only("*@Example.ORG"), "[PULL] x", BLOCK, "master");
        leaves(&only("*@else.example"), "[PULL] x", BLOCK, Left::NotSubmitter);
        leaves(&only("*@else.example"), "[PULL] x", "no block", Left::NotSubmitter);
        assert!(!rules().names_submitter("alice@example.org"), "an empty list names nobody");
    }

    #[test]
    fn a_near_miss_leads_with_a_marker_and_names_nothing() {
        let miss = Ruling::NearMiss { miss: Miss::NoRequest };
        for subject in ["[PULL 00/10] x", "[list] [GIT PULL] x", "PULL: x", "pull-request v2: x"] {
            assert_eq!(ruling(&rules(), subject, "I forgot it."), miss, "{subject}");
        }
        for subject in ["How to pull requests", "Pull requests in 2026", "[PULL 3/10] x", "x: pull"]
        {
            leaves(&rules(), subject, "I forgot it.", Left::Mail(Reason::NoRequest));
        }
        leaves(&rules(), "[PATCH PULL 0/3] x", "Hm.", Left::Mail(Reason::NoRequest));
        leaves(&rules(), "[PULL SUBSYSTEM a] x", "Hm.", Left::Mail(Reason::Elsewhere));
        leaves(&rules(), "Re: [PULL] x", "Hm.", Left::Mail(Reason::Answer));
        let quoted = BLOCK.replace('\n', "\n> ");
        leaves(&rules(), "[PULL] x", &format!("> {quoted}"), Left::Mail(Reason::Quoted));
        leaves(
            &rules(),
            "[PULL] x\nAuto-Submitted: auto-replied",
            "x",
            Left::Mail(Reason::Automatic),
        );
    }

    #[test]
    fn a_mail_belongs_to_the_list_that_its_header_names() {
        let other = Rules::usual(ListName::new("other"), "other@example.org", None, goal("x"));
        let both = [rules(), other.clone()];
        let chosen = |lists: &[Rules], header: &str| {
            let heading = mail::heading(format!("{header}\n\n").as_bytes());
            choose(lists, &heading).map(|rules| rules.list.as_str().to_owned())
        };
        let devel = Some("devel".to_owned());
        assert_eq!(chosen(&both, "List-Id: D <Devel.lists.example.org>"), devel);
        assert_eq!(chosen(&both, "Cc: a@b.example, DEVEL@lists.example.org"), devel);
        assert_eq!(
            chosen(&both, "To: other@example.org\nList-Id: <devel.lists.example.org>"),
            devel
        );
        assert_eq!(chosen(&both, "To: other@example.org"), Some("other".to_owned()));
        assert_eq!(chosen(&both, "To: third@example.org"), None);
        assert_eq!(chosen(&[rules()], "To: third@example.org"), None);
        assert_eq!(chosen(&[other], "To: third@example.org"), Some("other".to_owned()));
    }
}
