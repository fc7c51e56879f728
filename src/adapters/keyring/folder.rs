//! The folder's files into keys. A file that can't be read is named, and takes no other with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use jiff::tz::TimeZone;
use sequoia_openpgp::Cert;
use sequoia_openpgp::cert::CertParser;
use sequoia_openpgp::parse::Parse;

use super::allowed_signers::{self, AllowedSigner};
use super::maintainers::{self, Maintainer};
use super::openpgp::left_out;
use super::overlay::Granted;
use super::ssh;
use crate::ports::{KeyChanges, PathOwner};
use crate::pull::tag::{Signer, Verification};

const ALLOWED_SIGNERS: &str = "allowed_signers";
const MAINTAINERS: &str = "maintainers.toml";
const EXTENSIONS: [&str; 3] = ["asc", "gpg", "pgp"];

/// What is wrong with a file of the keyring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The file's name, with a line number where there is one.
    pub(crate) file: String,
    /// What is wrong, in a clause.
    pub(crate) why: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.why)
    }
}

/// What the folder looked like: when it differs, the files are read again. The change time and the
/// inode tell a file apart that was put in another's place with its times kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp(Vec<FileStamp>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct FileStamp {
    name: String,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// Looks at the folder: its key files only, and their targets where they are links.
    ///
    /// # Errors
    /// The folder can't be listed.
    pub(crate) fn of(folder: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // A link to nothing stays in the list, as a problem when it is read.
            let metadata = fs::metadata(entry.path()).or_else(|_| entry.metadata())?;
            if is_key_file(&name) && !metadata.is_dir() {
                files.push(FileStamp {
                    name,
                    inode: metadata.ino(),
                    length: metadata.len(),
                    modified: (metadata.mtime(), metadata.mtime_nsec()),
                    changed: (metadata.ctime(), metadata.ctime_nsec()),
                });
            }
        }
        files.sort();
        Ok(Self(files))
    }
}

fn is_key_file(name: &str) -> bool {
    let extension = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty());
    [ALLOWED_SIGNERS, MAINTAINERS].contains(&name)
        || extension.is_some_and(|(_, last)| EXTENSIONS.contains(&last))
}

/// Everything that was read.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// OpenPGP certificates; the files' parts of the same one are merged.
    pub(crate) certificates: Vec<Cert>,
    /// SSH keys.
    pub(crate) signers: Vec<AllowedSigner>,
    /// Who may sign what; `None` if there is no such file: then every key may sign anything.
    pub(crate) maintainers: Option<Vec<Maintainer>>,
    /// All owners' addresses, in lower case.
    pub(crate) addresses: BTreeSet<String>,
    /// What is wrong with the files.
    pub(crate) problems: Vec<Problem>,
    /// The first thing that could not be read: a key that seems to be missing may be in it.
    pub(crate) unread: Option<Problem>,
    /// Whose the keys are that commands added, by fingerprint.
    pub(super) granted: BTreeMap<String, Granted>,
    /// Fingerprints of keys that commands took away.
    pub(super) removed: BTreeSet<String>,
}

impl Keys {
    /// Reads the files that the stamp names, and changes what commands changed.
    pub(crate) fn read(folder: &Path, stamp: &Stamp, changes: &KeyChanges) -> Self {
        let mut keys = Self::default();
        for FileStamp { name, .. } in &stamp.0 {
            match fs::read(folder.join(name)) {
                Err(error) => {
                    keys.unread(name.clone(), error.to_string());
                    // Without the file that restricts them, nobody may sign.
                    if name == MAINTAINERS {
                        keys.maintainers = Some(Vec::new());
                    }
                }
                Ok(bytes) if name == ALLOWED_SIGNERS => keys.add_allowed_signers(&bytes),
                Ok(bytes) if name == MAINTAINERS => keys.add_maintainers(&bytes),
                Ok(bytes) => keys.add_certificates(name, &bytes),
            }
        }
        keys.change(changes);
        keys.check_listed_keys();
        keys.check_addresses();
        keys.addresses = keys.owners_addresses();
        keys
    }

    fn owners_addresses(&self) -> BTreeSet<String> {
        if let Some(maintainers) = &self.maintainers {
            let believed = maintainers.iter().filter(|maintainer| self.believes(maintainer));
            let addresses = believed.flat_map(|maintainer| &maintainer.addresses);
            return addresses.map(|address| address.to_lowercase()).collect();
        }
        let certificates = self.certificates.iter().filter(|cert| !self.has_removed(cert));
        let of_certificates = certificates.flat_map(|cert| self.addresses_of(cert));
        let of_signers = self.believed_signers();
        of_certificates
            .chain(of_signers.flat_map(AllowedSigner::addresses))
            .map(|address| address.to_lowercase())
            .collect()
    }

    /// A key's owner as `maintainers.toml` has it; without the file, as the key itself says.
    /// `None`: the file lists nobody with it.
    pub(crate) fn listed(&self, signer: &Signer) -> Option<Signer> {
        let Some(maintainers) = &self.maintainers else { return Some(self.as_granted(signer)) };
        let has_it = |maintainer: &&Maintainer| maintainer.keys.contains(&signer.key);
        maintainers.iter().find(has_it).map(|maintainer| Signer {
            key: signer.key.clone(),
            name: maintainer.name.clone(),
            addresses: maintainer.addresses.clone(),
            scope: maintainer.scope.clone(),
        })
    }

    /// The maintainers for whom `maintainers.toml` names paths.
    pub(crate) fn path_owners(&self) -> Vec<PathOwner> {
        let owner = |maintainer: &Maintainer| PathOwner {
            addresses: maintainer.addresses.clone(),
            paths: maintainer.scope.paths.clone(),
        };
        let owners = self.maintainers.iter().flatten().map(owner);
        owners.filter(|owner| !owner.paths.is_empty()).collect()
    }

    /// What a good signature by that signer is worth here.
    pub(crate) fn admit(&self, signer: Signer) -> Verification {
        match self.listed(&signer) {
            Some(listed) => Verification::Good(listed),
            None => Verification::NotListed { key: signer.key, owner: signer.name },
        }
    }

    fn add_certificates(&mut self, file: &str, bytes: &[u8]) {
        let parser = match CertParser::from_bytes(bytes) {
            Ok(parser) => parser,
            Err(error) => return self.unread(file.to_owned(), error.to_string()),
        };
        let mut found = false;
        for certificate in parser {
            match certificate {
                Ok(certificate) if certificate.is_tsk() => {
                    let why =
                        "holds a secret key, which does not belong here; export the public one";
                    self.unread(file.to_owned(), why.into());
                }
                Ok(certificate) if !is_bound(&certificate) => {
                    let why = "has a key without its own signature; the file may be cut short";
                    self.unread(file.to_owned(), why.into());
                }
                Ok(certificate) => self.add_certificate(certificate),
                Err(error) => self.unread(file.to_owned(), error.to_string()),
            }
            found = true;
        }
        if !found {
            self.unread(file.to_owned(), "has no OpenPGP certificate in it".into());
        }
    }

    /// Adds a certificate, or what it says more about one that is there: a revocation may come in
    /// a file of its own, with the key's own copy.
    pub(super) fn add_certificate(&mut self, certificate: Cert) {
        let fingerprint = certificate.fingerprint();
        let known = self.certificates.iter_mut().find(|known| known.fingerprint() == fingerprint);
        match known {
            None => self.certificates.push(certificate),
            Some(known) => match known.clone().merge_public(certificate) {
                Ok(merged) => *known = merged,
                Err(error) => self.unread(fingerprint.to_hex(), error.to_string()),
            },
        }
    }

    fn add_allowed_signers(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let (signers, problems) = allowed_signers::parse(&text, &TimeZone::system());
        for (line, why) in problems {
            self.unread(format!("{ALLOWED_SIGNERS} line {line}"), why);
        }
        for signer in &signers {
            if let Some(why) = ssh::weakness(&signer.key) {
                let why = format!("{}: {why} is too weak", signer.principals);
                self.problem(ALLOWED_SIGNERS.to_owned(), why);
            }
        }
        self.signers = signers;
    }

    fn add_maintainers(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let maintainers::Read { maintainers, problems } = maintainers::parse(&text);
        for (line, why) in problems {
            self.unread(format!("{MAINTAINERS} line {line}"), why);
        }
        self.maintainers = Some(maintainers);
    }

    /// Names keys of maintainers that are in no file: nobody is believed for them.
    fn check_listed_keys(&mut self) {
        let listed: Vec<(usize, String)> = self
            .maintainers
            .iter()
            .flatten()
            .flat_map(|maintainer| maintainer.keys.iter().map(|key| (maintainer.line, key.clone())))
            .collect();
        for (line, key) in listed {
            let why = match self.primary_of(&key) {
                Some(primary) if primary == key => continue,
                Some(primary) => format!("{key} is a subkey; write its primary key, {primary}"),
                None => format!("the key {key} is in no file of the folder"),
            };
            self.problem(format!("{MAINTAINERS} line {line}"), why);
        }
    }

    /// Names certificates with more addresses than count, where they say whose a key is.
    fn check_addresses(&mut self) {
        if self.maintainers.is_some() {
            return;
        }
        let left_out = self.certificates.iter().map(|cert| (cert.fingerprint(), left_out(cert)));
        let left_out: Vec<_> = left_out.filter(|(_, count)| *count > 0).collect();
        for (key, count) in left_out {
            let why = format!("has too many or too long addresses: {count} of them do not count");
            self.problem(key.to_hex(), why);
        }
    }

    /// The fingerprint of the certificate that has that key, or the SSH key itself.
    fn primary_of(&self, fingerprint: &str) -> Option<String> {
        let has_it =
            |cert: &&Cert| cert.keys().any(|key| key.key().fingerprint().to_hex() == fingerprint);
        let of_ssh = |signer: &AllowedSigner| signer.fingerprint() == fingerprint;
        match self.certificates.iter().find(has_it) {
            Some(cert) => Some(cert.fingerprint().to_hex()),
            None => self.signers.iter().any(of_ssh).then(|| fingerprint.to_owned()),
        }
    }

    pub(super) fn problem(&mut self, file: String, why: String) {
        self.problems.push(Problem { file, why });
    }

    /// A problem that may hide a key.
    fn unread(&mut self, file: String, why: String) {
        let problem = Problem { file, why };
        self.unread.get_or_insert_with(|| problem.clone());
        self.problems.push(problem);
    }
}

/// Whether the key says anything about itself: Sequoia reads the beginning of a cut file as a
/// certificate without signatures. A lone revocation is enough.
pub(super) fn is_bound(certificate: &Cert) -> bool {
    let primary = certificate.primary_key();
    primary.self_signatures().next().is_some()
        || primary.self_revocations().next().is_some()
        || certificate.userids().any(|id| id.self_signatures().next().is_some())
}
