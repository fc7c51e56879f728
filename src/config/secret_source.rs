//! Where secrets come from: a file that only its owner reads, a variable, a program, or a
//! credential of systemd's. What was read must not appear in any message; nor may a program's
//! arguments.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::environment::MAX_SECRET;
use super::keys::{Key, SECRET_SOURCE};
use super::reader::Table;
use super::secret::{BadSecret, Secret};
use super::value::{self, Wrong, wrong};

/// How long a program may take to print a secret.
const COMMAND_LIMIT: Duration = Duration::from_secs(10);

/// The variable that names the folder of systemd's credentials (systemd.exec(5)).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

impl Table<'_> {
    /// A secret that is required.
    pub(crate) fn secret(&self, name: &str) -> Option<Secret> {
        let Some(value) = self.entry(name) else {
            return self.get(name, |_| Err(Wrong::Type));
        };
        match value.get_ref() {
            DeValue::Table(entries) => self.sourced(name, value, entries),
            DeValue::String(_) => {
                let is = "is written in the file itself, where backups and screens show it";
                let help = format!(
                    "put it into a file that only its owner may read, and write {name} = \
                     {{ file = \"…\" }}; if anybody may have seen it, replace it"
                );
                self.note(name, is, help);
                None
            }
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => self.get(name, |_| Err(Wrong::Type)),
        }
    }

    fn sourced<'a>(
        &self,
        name: &str,
        value: &Spanned<DeValue<'_>>,
        entries: &'a DeTable<'a>,
    ) -> Option<Secret> {
        let path = self.key_path(name);
        let source =
            Table::new(self.reading, SECRET_SOURCE, path, Some(value.span()), Some(entries));
        if source.is_strange() {
            return None;
        }
        let written: Vec<&Key> =
            SECRET_SOURCE.keys.iter().filter(|key| source.has(key.name)).collect();
        let [key] = written[..] else {
            let is = if written.is_empty() { "names no source" } else { "names several sources" };
            let names: Vec<_> = SECRET_SOURCE.keys.iter().map(|key| key.name).collect();
            self.note(name, is, format!("write exactly one of {}", names.join(", ")));
            return None;
        };
        let read = match key.name {
            "file" => source.path("file").map(|file| source.file(&file)),
            "env" => source.get("env", value::text).map(|variable| source.variable(&variable)),
            "command" => source.list("command", argument).map(|command| source.command(&command)),
            _ => source.get("credential", value::name).map(|name| source.credential(&name)),
        };
        read?
            .map_err(|wrong| source.complain(key, source.entry(key.name).unwrap_or(value), wrong))
            .ok()
    }

    fn file(&self, file: &Path) -> Result<Secret, Wrong> {
        let found = self.reading.environment.secret_file(file).map_err(|e| unread(file, &e))?;
        if found.mode & 0o077 != 0 {
            return Err(wrong(
                format!(
                    "names {}, which others than its owner may read or write (mode {:04o})",
                    file.display(),
                    found.mode
                ),
                format!("run `chmod 600 {}`", file.display()),
            ));
        }
        secret(&found.content, &file.display().to_string())
    }

    fn variable(&self, name: &str) -> Result<Secret, Wrong> {
        match self.reading.environment.variable(name) {
            Some(text) => secret(text.as_bytes(), &format!("${name}")),
            None => Err(wrong(
                format!("names ${name}, which is not set"),
                "set it in the environment that the bot is started in",
            )),
        }
    }

    fn command(&self, command: &[String]) -> Result<Secret, Wrong> {
        let Some(program) = command.first() else {
            return Err(wrong("names no program", "write the program and its arguments"));
        };
        let environment = self.reading.environment;
        let printed = environment.output(command, self.reading.folder, COMMAND_LIMIT);
        match printed {
            Ok(printed) => secret(&printed, &format!("the output of `{program}`")),
            Err(fault) => Err(wrong(
                format!("names `{program}`, which {fault}"),
                "run the command by hand, as the user and in the environment of the bot",
            )),
        }
    }

    /// A credential's permissions are systemd's business: it protects the folder, and shows the
    /// mask of an access list where the group's bits stand.
    fn credential(&self, name: &str) -> Result<Secret, Wrong> {
        let environment = self.reading.environment;
        let Some(folder) = environment.variable(CREDENTIALS) else {
            return Err(wrong(
                format!("names a credential, and ${CREDENTIALS} is not set"),
                "start the bot by systemd with LoadCredential=, or name a file instead",
            ));
        };
        let file = PathBuf::from(folder.as_str()).join(name);
        let found = environment.secret_file(&file).map_err(|error| unread(&file, &error))?;
        secret(&found.content, &file.display().to_string())
    }
}

/// One word of a command line; unlike other texts it may be padded.
fn argument(value: &DeValue<'_>) -> Result<String, Wrong> {
    value.as_str().map(str::to_owned).ok_or(Wrong::Type)
}

fn unread(file: &Path, error: &io::Error) -> Wrong {
    let help = match error.kind() {
        io::ErrorKind::NotFound => format!(
            "write the secret into it: `install -m 600 /dev/null {0}`, then edit {0}",
            file.display()
        ),
        _ => "see that the user of the bot can read it".to_owned(),
    };
    wrong(format!("names {}, which can't be read: {error}", file.display()), help)
}

fn secret(content: &[u8], origin: &str) -> Result<Secret, Wrong> {
    let why = match Secret::read(content) {
        _ if content.len() > MAX_SECRET => "is too long",
        Ok(secret) => return Ok(secret),
        Err(BadSecret::Empty) => "is empty",
        Err(BadSecret::NotText) => "is not UTF-8 text",
        Err(BadSecret::NotOneLine) => "is more than one line of text",
    };
    let help = "it must be one line of text, and nothing else";
    Err(wrong(format!("names {origin}, which {why}"), help))
}
