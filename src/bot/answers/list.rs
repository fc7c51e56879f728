//! Some of the requests, and the digest for whoever takes over.

use super::rendered::safe;
use super::status::{ANSWERED, aside, concluded, pull, run, stopped};
use crate::ports::{Fault, Store};
use crate::pull::command::ListFilter;
use crate::pull::overlay::Overlay;
use crate::pull::world::glance::{Glance, PullLine};

/// How many concluded requests are listed.
const DONE: usize = 20;

/// How many of them the digest names.
const DONE_IN_DIGEST: usize = 8;

/// Some of the requests, or without a filter the digest.
pub(super) fn lines(
    glance: &Glance,
    store: &dyn Store,
    filter: Option<ListFilter>,
) -> Result<Vec<String>, Fault> {
    let lines = match filter {
        Some(ListFilter::Open) => glance.pulls.iter().filter(is_open).flat_map(pull).collect(),
        Some(ListFilter::Held) => some(glance, "held"),
        Some(ListFilter::Queued) => queued(glance),
        Some(ListFilter::Done) => done(store, DONE)?,
        None => digest(glance, store)?,
    };
    Ok(if lines.is_empty() { vec!["There is none.".into()] } else { lines })
}

fn is_open(line: &&PullLine) -> bool {
    line.stage != ANSWERED
}

fn some(glance: &Glance, stage: &str) -> Vec<String> {
    glance.pulls.iter().filter(|line| line.stage == stage).flat_map(pull).collect()
}

/// In the order in which they go.
fn queued(glance: &Glance) -> Vec<String> {
    let mut waiting: Vec<_> = glance.pulls.iter().filter(|line| line.stage == "queued").collect();
    waiting.sort_by_key(|line| (-i64::from(line.priority), line.received_at, line.number));
    waiting.into_iter().flat_map(pull).collect()
}

fn done(store: &dyn Store, most: usize) -> Result<Vec<String>, Fault> {
    let newest = store.newest_pulls(most * 5)?;
    let over = newest.iter().filter(|pull| pull.stage.verdict().is_some()).take(most);
    Ok(over.map(|pull| concluded(&PullLine::new(pull, String::new()))).collect())
}

/// What somebody who takes over has to know.
fn digest(glance: &Glance, store: &dyn Store) -> Result<Vec<String>, Fault> {
    let stage_of_work =
        |line: &&PullLine| !["held", "queued", ANSWERED].contains(&line.stage.as_str());
    let under_way = glance.pulls.iter().filter(stage_of_work).flat_map(pull);
    let asked = glance.runs.iter().filter(|line| line.pull.is_none() && line.outcome.is_none());
    let mut stops = stopped(&glance.overlay);
    stops.extend(people(&glance.overlay));
    let sections = [
        ("Stopped or changed by commands:", stops),
        ("Set aside, since the bot itself failed at it:", glance.aside.iter().map(aside).collect()),
        ("Waits for a person:", some(glance, "held")),
        ("Under way:", under_way.chain(asked.flat_map(run)).collect()),
        ("Queued, in this order:", queued(glance)),
        ("Concluded last:", done(store, DONE_IN_DIGEST)?),
    ];
    let mut lines = Vec::new();
    for (title, below) in sections.into_iter().filter(|(_, below)| !below.is_empty()) {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(title.to_owned());
        lines.extend(below);
    }
    Ok(lines)
}

fn people(overlay: &Overlay) -> Vec<String> {
    let names = |what: &str, of: &mut dyn Iterator<Item = &String>| {
        let names: Vec<String> = of.map(|name| safe(name)).collect();
        (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")))
    };
    [
        names("Release managers besides", &mut overlay.managers_added.keys()),
        names("No release managers any more", &mut overlay.managers_removed.keys()),
        names("Allowed", &mut overlay.allowed.keys()),
        names("Denied", &mut overlay.denied.keys()),
        names("Keys added", &mut overlay.keys_added.keys()),
        names("Keys taken away", &mut overlay.keys_removed.keys()),
    ]
    .into_iter()
    .flatten()
    .collect()
}
