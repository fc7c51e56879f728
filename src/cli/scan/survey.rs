//! What the rules of the configured lists would have done with an archive: how many mails had which
//! outcome, and the mails nearest to the border between them. It reads every mail whole, for what
//! the header settles may still name something to pull. It must not judge: the rules do.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;

use serde::Serialize;

use super::readers::Place;
use super::walk::{Counts, Streams, walk};
use crate::mail::reader::DEFAULT_REFERENCE;
use crate::mail::rules::choose;
use crate::mail::words::counted;
use crate::mail::{self, Heading, Reading, Reason, Rules, Ruling, look};
use crate::pull::clean;
use crate::pull::cover::{Cover, Person};
use crate::pull::ids::MessageId;

/// How many mails are shown of each list.
const SHOWN: usize = 20;

/// All lists' outcomes.
#[derive(Debug, Serialize)]
pub(super) struct Survey {
    mails: u64,
    /// Mails that belong to none of the lists.
    of_no_list: u64,
    lists: Vec<List>,
}

#[derive(Debug, Serialize)]
struct List {
    list: String,
    address: String,
    mails: u64,
    outcomes: Vec<Counted>,
    /// The mails nearest to the border, those of an outcome in the archive's order.
    border: Vec<Near>,
    #[serde(skip)]
    counts: BTreeMap<Outcome, u64>,
    /// The last of each outcome that are near; no more than can be shown.
    #[serde(skip)]
    near: BTreeMap<Outcome, VecDeque<Near>>,
}

/// What is done with a mail, in the order in which it is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
enum Outcome {
    Act { target: String },
    NearMiss { reason: String },
    Leave { reason: String },
}

#[derive(Debug, Clone, Serialize)]
struct Counted {
    #[serde(flatten)]
    outcome: Outcome,
    mails: u64,
}

/// A mail near the border.
#[derive(Debug, Clone, Serialize)]
struct Near {
    #[serde(flatten)]
    outcome: Outcome,
    /// What speaks for the other side.
    but: String,
    message_id: Option<String>,
    date: Option<String>,
    from: Option<String>,
    subject: String,
    file: String,
    /// The mail's number in that file.
    number: u64,
}

/// What one mail comes to: its list's number, if it belongs to one.
struct Judged {
    list: usize,
    outcome: Outcome,
    /// Why it is near the border, if it is.
    but: Option<(String, Box<Heading>)>,
}

/// Goes through the mails and asks the rules.
///
/// # Errors
/// The place for complaints can't be written to.
pub(super) fn of(lists: &[Rules], streams: Streams<'_>) -> io::Result<(Survey, Counts)> {
    let mut survey =
        Survey { mails: 0, of_no_list: 0, lists: lists.iter().map(List::new).collect() };
    let take = |place: &Place, judged: Option<Judged>| {
        survey.mails += 1;
        match judged {
            Some(judged) => survey.lists[judged.list].take(place, judged),
            None => survey.of_no_list += 1,
        }
        Ok(())
    };
    let counts = walk(streams, |_| true, |mail| judged(lists, mail), take)?;
    survey.lists.iter_mut().for_each(List::end);
    Ok((survey, counts))
}

fn judged(lists: &[Rules], mail: &[u8]) -> Option<Judged> {
    let heading = mail::heading(look::header(mail));
    let rules = choose(lists, &heading)?;
    let list = lists.iter().position(|one| one.list == rules.list)?;
    let reading = mail::read(mail);
    let ruling = rules.judge(&heading, &reading);
    let but = but(&heading, &reading, &ruling).map(|but| (but, Box::new(heading)));
    Some(Judged { list, outcome: Outcome::of(&ruling), but })
}

/// What makes a mail a border case: it is left and names something to pull, or asks and names
/// nothing; or it is acted on and little says that it should be.
fn but(heading: &Heading, reading: &Reading, ruling: &Ruling) -> Option<String> {
    let asks = heading.refusal().is_none();
    match (ruling, reading) {
        (Ruling::Act { .. }, Reading::Request(cover) | Reading::Aside { cover, .. }) => {
            thin(heading, cover)
        }
        (Ruling::Leave { .. }, Reading::Request(cover) | Reading::Aside { cover, .. }) => {
            let request = &cover.request;
            Some(format!("it names {} {}", clean::words(&request.url), request.reference))
        }
        (Ruling::NearMiss { .. } | Ruling::Leave { .. }, Reading::Not { reason, .. }) => {
            let names_nothing = match reason {
                Reason::NoRequest
                | Reason::NoBlock
                | Reason::Quoted
                | Reason::NoAuthor
                | Reason::NoMessageId => true,
                Reason::Unreadable
                | Reason::Automatic
                | Reason::ListMachinery
                | Reason::Answer
                | Reason::NoMarker
                | Reason::Patch
                | Reason::PatchSeries
                | Reason::Elsewhere => false,
            };
            (asks && names_nothing).then(|| "its subject asks".to_owned())
        }
        (Ruling::NearMiss { .. }, _) => Some("its subject asks".to_owned()),
        (Ruling::Act { .. }, Reading::Not { .. }) => None,
    }
}

/// What is missing of the usual form.
fn thin(heading: &Heading, cover: &Cover) -> Option<String> {
    let request = &cover.request;
    let missing = [
        (heading.refusal().is_some(), "a marker in the subject"),
        (request.reference == DEFAULT_REFERENCE, "a ref"),
        (request.tip.is_none(), "the tip"),
        (request.base.is_none(), "the base"),
    ];
    let missing: Vec<&str> =
        missing.into_iter().filter_map(|(is, what)| is.then_some(what)).collect();
    (!missing.is_empty()).then(|| format!("it does not have {}", missing.join(", nor ")))
}

impl Outcome {
    fn of(ruling: &Ruling) -> Self {
        match ruling {
            Ruling::Act { target } => Self::Act { target: target.to_string() },
            Ruling::NearMiss { miss } => Self::NearMiss { reason: miss.words().to_owned() },
            Ruling::Leave { reason } => Self::Leave { reason: reason.to_string() },
        }
    }
}

impl List {
    fn new(rules: &Rules) -> Self {
        Self {
            list: rules.list.to_string(),
            address: rules.address.clone(),
            mails: 0,
            outcomes: Vec::new(),
            border: Vec::new(),
            counts: BTreeMap::new(),
            near: BTreeMap::new(),
        }
    }

    fn take(&mut self, place: &Place, judged: Judged) {
        self.mails += 1;
        if let Some((but, heading)) = judged.but {
            let near = self.near.entry(judged.outcome.clone()).or_default();
            if near.len() == SHOWN {
                near.pop_front();
            }
            near.push_back(Near::new(place, &judged.outcome, but, &heading));
        }
        *self.counts.entry(judged.outcome).or_default() += 1;
    }

    /// Chooses what is shown: of each outcome in turns, the last first.
    fn end(&mut self) {
        let counts = std::mem::take(&mut self.counts).into_iter();
        self.outcomes = counts.map(|(outcome, mails)| Counted { outcome, mails }).collect();
        let mut near: Vec<VecDeque<Near>> = std::mem::take(&mut self.near).into_values().collect();
        let mut chosen: Vec<Vec<Near>> = near.iter().map(|_| Vec::new()).collect();
        let mut shown = 0;
        while shown < SHOWN && near.iter().any(|mails| !mails.is_empty()) {
            for (from, to) in near.iter_mut().zip(&mut chosen) {
                if shown < SHOWN
                    && let Some(mail) = from.pop_back()
                {
                    to.push(mail);
                    shown += 1;
                }
            }
        }
        self.border = chosen.into_iter().flat_map(|mails| mails.into_iter().rev()).collect();
    }
}

impl Near {
    fn new(place: &Place, outcome: &Outcome, but: String, heading: &Heading) -> Self {
        let person = |person: &Person| clean::words(&person.address);
        Self {
            outcome: outcome.clone(),
            but,
            message_id: heading.message_id.as_ref().map(MessageId::bracketed),
            date: heading.date.map(|date| date.strftime("%Y-%m-%d").to_string()),
            from: heading.author.as_ref().or(heading.from.as_ref()).map(person),
            subject: heading.subject.clone(),
            file: place.path.display().to_string(),
            number: place.number,
        }
    }
}

impl fmt::Display for Survey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for list in &self.lists {
            writeln!(f, "{list}")?;
        }
        let of = counted(self.mails, "mail");
        writeln!(f, "{} of {of} came by none of these lists.", self.of_no_list)
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} <{}>: {}", self.list, self.address, counted(self.mails, "mail"))?;
        for Counted { outcome, mails } in &self.outcomes {
            writeln!(f, "  {mails:>8}  {outcome}")?;
        }
        if !self.border.is_empty() {
            writeln!(f, "  Nearest to the border:")?;
        }
        self.border.iter().try_for_each(|near| write!(f, "{near}"))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Act { target } => write!(f, "tested, for {target}"),
            Self::NearMiss { reason } => write!(f, "near miss: {reason}"),
            Self::Leave { reason } => write!(f, "left: {reason}"),
        }
    }
}

impl fmt::Display for Near {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.date.as_deref().unwrap_or("no date");
        let from = self.from.as_deref().unwrap_or("no sender");
        writeln!(f, "    {date}  {from}  {}", clean::words(&self.subject))?;
        writeln!(f, "      {}, but {}", self.outcome, self.but)?;
        let id = self.message_id.as_deref().unwrap_or("no Message-ID");
        writeln!(f, "      {id}, mail {} of {}", self.number, self.file)
    }
}
