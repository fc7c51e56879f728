//! What is known of a key and of a section. The keys themselves are in `table`; the reader, the
//! shipped `config.toml` and the reference page all rest on it. It must not read anything itself.

pub(crate) use super::table::{ROOT, SECRET_SOURCE, SECTIONS};

/// What happens when a key is not written. The texts are TOML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It has to be written; an example of it.
    Required(&'static str),
    /// This is taken instead.
    Default(&'static str),
    /// Something that the sentence describes is done instead; an example of it.
    Optional(&'static str),
}

/// One key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it takes, with its article: "a duration, such as \"1h 30m\"".
    pub(crate) what: &'static str,
    /// Whether it must be written.
    pub(crate) presence: Presence,
    /// What it is for, in one sentence.
    pub(crate) doc: &'static str,
}

impl Key {
    /// The default, or the example where there is none.
    #[cfg(test)]
    pub(crate) fn sample(&self) -> &'static str {
        match self.presence {
            Presence::Required(text) | Presence::Default(text) | Presence::Optional(text) => text,
        }
    }
}

/// How often a section may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occurs {
    /// Once; left out, it has its defaults if it has them for all keys.
    Once,
    /// Once, or not at all: then what it is about does not take place.
    AtMostOnce,
    /// Once or several times: `[[path]]`.
    Repeatedly,
}

/// One section, `[path]` or `[[path]]`.
#[derive(Debug)]
pub(crate) struct Section {
    /// Its dotted path, as the header has it.
    pub(crate) path: &'static str,
    /// How often it may be written.
    pub(crate) occurs: Occurs,
    /// What it is for, in one sentence.
    #[cfg_attr(not(test), expect(dead_code, reason = "only the reference page has it"))]
    pub(crate) doc: &'static str,
    /// Its keys, in the order of the shipped file.
    pub(crate) keys: &'static [Key],
}

impl Section {
    /// The key of that name.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The last part of the path.
    pub(crate) fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or_default()
    }

    /// The sections right below this one.
    pub(crate) fn children(&self) -> impl Iterator<Item = &'static Self> + use<> {
        let above = self.path;
        SECTIONS.iter().filter(move |section| {
            section.path.rsplit_once('.').map_or("", |(parent, _)| parent) == above
        })
    }

    /// The header as the file has it.
    pub(crate) fn header(&self) -> String {
        match self.occurs {
            Occurs::Once | Occurs::AtMostOnce => format!("[{}]", self.path),
            Occurs::Repeatedly => format!("[[{}]]", self.path),
        }
    }

    /// Whether something in it has to be written.
    pub(crate) fn needs(&self) -> impl Iterator<Item = &'static Key> + use<> {
        self.keys.iter().filter(|key| matches!(key.presence, Presence::Required(_)))
    }
}
