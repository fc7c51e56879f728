//! What a command asks to see, as lines of text: the same for a letter, for `gatepost do` and for
//! the other subcommands. It must not change anything.

pub(crate) mod audit;
mod help;
mod keys;
mod list;
mod log;
pub(crate) mod show;
pub(crate) mod status;

use super::ports::Ports;
use super::view;
use crate::ports::Fault;
use crate::pull::clean;
use crate::pull::command_mail::{Item, Look};
use crate::pull::world::glance::Glance;

pub(crate) use self::help::lines_of as help_lines;

/// What is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rendered {
    /// Lines, each cleaned.
    pub(crate) lines: Vec<String>,
    /// A file that goes with them: its name, and its text.
    pub(crate) attached: Option<(String, String)>,
}

impl Rendered {
    /// All of it as one text.
    pub(crate) fn whole(&self) -> String {
        let lines = self.lines.join("\n");
        match &self.attached {
            Some((_, text)) => format!("{lines}\n\n{}", text.trim_end()),
            None => lines,
        }
    }

    fn of(lines: Vec<String>) -> Self {
        Self { lines, attached: None }
    }

    fn line(line: impl Into<String>) -> Self {
        Self::of(vec![line.into()])
    }
}

/// Renders what is asked for, as it is now. It may ask GitLab for a log.
pub(crate) fn render(ports: &Ports, glance: &Glance, look: &Look) -> Rendered {
    let rendered = match look {
        Look::Help(word) => Ok(Rendered::of(help::lines(word.as_deref()))),
        Look::Status => Ok(Rendered::of(status::lines(glance))),
        Look::List(shelf) => {
            list::lines(glance, ports.store.as_ref(), shelf.as_deref()).map(Rendered::of)
        }
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

/// Text from outside on one line.
fn safe(text: &str) -> String {
    clean::words(text)
}
