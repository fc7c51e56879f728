//! Commits, tags and repositories, written with git2. It must not know what the project is about.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use git2::{FileMode, ObjectType, Oid, Repository, RepositoryInitOptions, Signature, Time};
use jiff::Timestamp;

use super::error::ProjectError;
use super::maintainer::Maintainer;

/// A tree's files by path.
pub(super) type Files = BTreeMap<&'static str, String>;

/// A commit to be made.
pub(super) struct Step {
    pub(super) by: Maintainer,
    pub(super) subject: &'static str,
    /// What stands under the subject, without Signed-off-by.
    pub(super) body: &'static str,
    pub(super) edits: Vec<Edit>,
}

/// A change to one file.
pub(super) enum Edit {
    /// The file is new, or wholly new.
    Write(&'static str, &'static str),
    /// The text is added at its end.
    Append(&'static str, &'static str),
    /// The text is replaced wherever it stands; it must stand there.
    Replace(&'static str, &'static str, &'static str),
}

impl Edit {
    /// Changes the files; returns which one.
    fn apply(&self, files: &mut Files) -> Result<&'static str, ProjectError> {
        match *self {
            Self::Write(path, text) => {
                files.insert(path, text.to_owned());
                Ok(path)
            }
            Self::Append(path, text) => {
                files.entry(path).or_default().push_str(text);
                Ok(path)
            }
            Self::Replace(path, from, to) => {
                let file = files.entry(path).or_default();
                if !file.contains(from) {
                    let (path, text) = (path.to_owned(), from.to_owned());
                    return Err(ProjectError::NoSuchText { path, text });
                }
                *file = file.replace(from, to);
                Ok(path)
            }
        }
    }
}

/// The repository in which everything is made before each part goes where it belongs.
pub(super) struct Scratch(Repository);

impl Scratch {
    pub(super) fn new(path: &Path) -> Result<Self, ProjectError> {
        Ok(Self(init(path, "refs/heads/master")?))
    }

    /// Commits a step onto a parent, whose files are given and brought up to date.
    pub(super) fn commit(
        &self,
        parent: Option<Oid>,
        files: &mut Files,
        step: &Step,
        when: Timestamp,
    ) -> Result<Oid, ProjectError> {
        let repository = &self.0;
        let parent = parent.map(|id| repository.find_commit(id)).transpose()?;
        let mut update = git2::build::TreeUpdateBuilder::new();
        let mut changed = BTreeSet::new();
        for edit in &step.edits {
            changed.insert(edit.apply(files)?);
        }
        for path in changed {
            let blob = repository.blob(files[path].as_bytes())?;
            let is_program = files[path].starts_with("#!");
            let mode = if is_program { FileMode::BlobExecutable } else { FileMode::Blob };
            update.upsert(path, blob, mode);
        }
        let empty = repository.treebuilder(None)?.write()?;
        let before = match &parent {
            Some(parent) => parent.tree()?,
            None => repository.find_tree(empty)?,
        };
        let tree = repository.find_tree(update.create_updated(repository, &before)?)?;
        let by = signature(&step.by, when)?;
        let body = if step.body.is_empty() { String::new() } else { format!("{}\n\n", step.body) };
        let Maintainer { name, address } = step.by;
        let message = format!("{}\n\n{body}Signed-off-by: {name} <{address}>\n", step.subject);
        let parents: Vec<_> = parent.iter().collect();
        Ok(repository.commit(None, &by, &by, &message, &tree, &parents)?)
    }

    /// Writes a tag object as it stands, signature and all.
    pub(super) fn write_tag(&self, object: &str) -> Result<Oid, ProjectError> {
        Ok(self.0.odb()?.write(ObjectType::Tag, object.as_bytes())?)
    }

    /// Makes a bare repository that has a branch, a tag perhaps, and all that they lead to.
    pub(super) fn export(
        &self,
        path: &Path,
        branch: &str,
        tip: Oid,
        tag: Option<(&str, Oid)>,
    ) -> Result<(), ProjectError> {
        let repository = init(path, branch)?;
        let mut walk = self.0.revwalk()?;
        walk.push(tip)?;
        let mut pack = self.0.packbuilder()?;
        pack.set_threads(1);
        pack.insert_walk(&mut walk)?;
        if let Some((name, object)) = tag {
            pack.insert_object(object, Some(name))?;
        }
        pack.write(&path.join("objects/pack"), 0o444)?;
        repository.odb()?.refresh()?;
        repository.reference(branch, tip, true, "made")?;
        if let Some((name, object)) = tag {
            repository.reference(&format!("refs/tags/{name}"), object, true, "made")?;
        }
        Ok(())
    }
}

/// Makes a bare repository without looking at anybody's git configuration or templates.
fn init(path: &Path, head: &str) -> Result<Repository, ProjectError> {
    let mut options = RepositoryInitOptions::new();
    options.bare(true).external_template(false).initial_head(head).no_reinit(true);
    Ok(Repository::init_opts(path, &options)?)
}

fn signature(by: &Maintainer, when: Timestamp) -> Result<Signature<'static>, ProjectError> {
    Ok(Signature::new(by.name, by.address, &Time::new(when.as_second(), 0))?)
}

/// A tag object up to its signature: the bytes that are signed.
pub(super) fn tag_payload(
    target: Oid,
    tag: &str,
    by: &Maintainer,
    when: Timestamp,
    message: &str,
) -> String {
    let Maintainer { name, address } = by;
    let seconds = when.as_second();
    format!(
        "object {target}\ntype commit\ntag {tag}\n\
         tagger {name} <{address}> {seconds} +0000\n\n{message}"
    )
}
