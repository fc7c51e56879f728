//! What a command asks to see, as lines of text: the same for a letter, for `gatepost do` and for
//! the other subcommands. It must not change anything.

pub(crate) mod audit;
mod help;
mod keys;
mod list;
mod log;
mod rendered;
pub(crate) mod show;
pub(crate) mod status;

use super::ports::Ports;
use super::view;
use crate::ports::Fault;
use crate::pull::command::{Item, Look};
use crate::pull::world::glance::Glance;

pub(crate) use self::help::lines_of as help_lines;
use self::rendered::Rendered;

/// Renders what is asked for, as it is now. It may ask GitLab for a log.
pub(crate) fn render(ports: &Ports, glance: &Glance, look: &Look) -> Rendered {
    let rendered = match look {
        Look::Help(word) => Ok(Rendered::of(help::lines(word.as_deref()))),
        Look::Status => Ok(Rendered::of(status::lines(glance))),
        Look::List(filter) => list::lines(glance, ports.store.as_ref(), *filter).map(Rendered::of),
        Look::Show(item) => show_item(ports, glance, *item),
        Look::Log { of, job } => log::render(ports, *of, job),
        Look::Keys => {
            ports.keyring.listed(ports.clock.now()).map(|keys| Rendered::of(keys::lines(&keys)))
        }
    };
    rendered
        .unwrap_or_else(|fault| Rendered::line(format!("It can't be shown now: {}", fault.detail)))
}

fn show_item(ports: &Ports, glance: &Glance, item: Item) -> Result<Rendered, Fault> {
    let store = ports.store.as_ref();
    if let Some(shown) = view::show(glance, store, item)? {
        return Ok(Rendered::of(show::lines(&shown)));
    }
    Ok(match item {
        Item::Pull(number) => Rendered::line(format!("There is no request {number}.")),
        Item::Run(id) => match view::show_run(glance, store, id)? {
            Some(run) => Rendered::of(show::run_lines(&run)),
            None => Rendered::line(format!("There is no run {id}.")),
        },
    })
}
