//! A maintainer with a key, a work tree, a public repository and a mail program: real `gpg`,
//! `git tag -s`, `git request-pull` and `git send-email`.

pub(crate) mod programs;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{command, run};
use crate::rig::{LIST, Rig, address, password};
use crate::upstream::Upstream;

/// Debian's git, whatever else stands in PATH: `git send-email` belongs to it.
pub(crate) const GIT: &str = "/usr/bin/git";

/// One maintainer.
pub(crate) struct Maintainer {
    /// The login name; also the folder of the public repository.
    pub(crate) user: &'static str,
    /// The mail address.
    pub(crate) address: String,
    home: PathBuf,
    tree: PathBuf,
    public: PathBuf,
}

/// A request that was written, and mailed as a rule.
#[derive(Debug)]
pub(crate) struct Mailed {
    /// The cover letter's id, without `<>`.
    pub(crate) message_id: String,
    /// Its subject.
    pub(crate) subject: String,
    /// The commit that the tag names.
    pub(crate) tip: String,
    tag: String,
}

/// What a job waits for.
pub(crate) struct Gate(PathBuf);

impl Gate {
    /// Lets it go on.
    pub(crate) fn go(&self) {
        fs::write(&self.0, "").expect("our folder");
    }
}

impl Maintainer {
    /// Somebody who has a mailbox at the rig gets a key, a clone of upstream and a repository.
    pub(crate) fn join(rig: &Rig, upstream: &Upstream, user: &'static str) -> Self {
        let home = rig.folder().join("home").join(user);
        let gnupg = home.join(".gnupg");
        fs::create_dir_all(&gnupg).expect("a new folder");
        fs::set_permissions(&gnupg, Permissions::from_mode(0o700)).expect("our folder");
        let this = Self {
            user,
            address: address(user),
            tree: home.join("tree"),
            public: rig.repositories().join(user).join("project.git"),
            home,
        };
        fs::write(this.home.join(".gitconfig"), this.configuration(rig)).expect("a new file");
        run(this.gpg().args(["--quick-generate-key", &this.person(), "ed25519", "sign", "never"]));
        run(this.git_in(&this.home).args(["clone", "--quiet"]).arg(&upstream.bare).arg(&this.tree));
        run(this.git_in(&this.home).args(["init", "--quiet", "--bare"]).arg(&this.public));
        this
    }

    /// Name and address, as in mail.
    pub(crate) fn person(&self) -> String {
        let (first, rest) = self.user.split_at(1);
        format!("{}{rest} Example <{}>", first.to_uppercase(), self.address)
    }

    /// The public key (ASCII armour), for a keyring folder.
    pub(crate) fn public_key(&self) -> String {
        run(self.gpg().args(["--armor", "--export", &self.address]))
    }

    /// Commits one file on the branch of that name, which begins at upstream's `master` if it is
    /// new.
    pub(crate) fn commits(&self, branch: &str, file: &str, content: &str, subject: &str) {
        run(self.git().args(["fetch", "--quiet", "origin"]));
        let new = !self.tree.join(".git/refs/heads").join(branch).exists();
        if new {
            run(self.git().args(["checkout", "--quiet", "-b", branch, "origin/master"]));
        } else {
            run(self.git().args(["checkout", "--quiet", branch]));
        }
        let path = self.tree.join(file);
        fs::create_dir_all(path.parent().expect("inside the tree")).expect("a folder");
        fs::write(path, content).expect("our tree");
        run(self.git().args(["add", "--all"]));
        run(self.git().args(["commit", "--quiet", "--signoff", "--message", subject]));
    }

    /// Signs a tag of the branch that is checked out and publishes it, over one of that name.
    pub(crate) fn publishes(&self, tag: &str, message: &str) {
        run(self.git().args(["tag", "--sign", "--force", "--message", message, tag]));
        let reference = format!("+refs/tags/{tag}");
        run(self.git().args(["push", "--quiet"]).arg(&self.public).arg(reference));
    }

    /// Publishes a branch; its tip.
    pub(crate) fn publishes_branch(&self, branch: &str) -> String {
        let reference = format!("+refs/heads/{branch}");
        run(self.git().args(["push", "--quiet"]).arg(&self.public).arg(reference));
        run(self.git().args(["rev-parse", branch])).trim().to_owned()
    }

    /// Publishes as `for-upstream` a change whose test does not end before it may.
    pub(crate) fn publishes_a_check_that_waits(&self, rig: &Rig) -> Gate {
        let gate = Gate(rig.folder().join("go"));
        let wait = format!("until [ -e {} ]; do sleep 0.1; done\n", gate.0.display());
        self.commits("topic", "checks/wait.sh", &wait, "Wait for it");
        self.publishes("for-upstream", "Changes that wait");
        gate
    }

    /// Publishes, as a stranger may, a copy of somebody's published tag: another object, which differs
    /// in an empty line that no signature covers.
    pub(crate) fn publishes_a_copy(&self, of: &Self, tag: &str) {
        run(self.git().args(["fetch", "--quiet", "--no-tags"]).arg(&of.public).arg(tag));
        let object = run(self.git().args(["cat-file", "tag", "FETCH_HEAD"]));
        let file = self.home.join("copy");
        fs::write(&file, format!("{object}\n")).expect("a new file");
        let write = ["hash-object", "-t", "tag", "-w", "--literally"];
        let copy = run(self.git().args(write).arg(&file));
        let reference = format!("+{}:refs/tags/{tag}", copy.trim());
        run(self.git().args(["push", "--quiet"]).arg(&self.public).arg(reference));
    }

    /// Mails a request in somebody's name, as a stranger may: with its text, but for the URL.
    pub(crate) fn mails_in_the_name_of(
        &self,
        other: &Self,
        request: &Mailed,
        from: &str,
        to: &str,
    ) -> String {
        let cover = other.letters(&request.tag).join("0000-cover-letter.patch");
        let text = fs::read_to_string(cover).expect("our file").replace(from, to);
        let message_id = format!("forged.{}", request.message_id);
        let text = text.replace(&request.message_id, &message_id);
        let file = self.home.join("forged.patch");
        fs::write(&file, text).expect("a new file");
        run(self
            .git()
            .args(["send-email", "--quiet", "--to", LIST, "--envelope-sender"])
            .arg(&self.address)
            .arg("--from")
            .arg(other.person())
            .arg(&file));
        message_id
    }

    /// The commit that a tag of the work tree names.
    pub(crate) fn tip(&self, tag: &str) -> String {
        let commit = format!("{tag}^{{commit}}");
        run(self.git().args(["rev-parse", &commit])).trim().to_owned()
    }

    /// What `git request-pull` says of a published tag, had the repository that URL. Git asks the
    /// URL itself what is there.
    pub(crate) fn request_pull(&self, url: &str, tag: &str) -> String {
        run(self.git().args(["request-pull", "origin/master", url, tag]))
    }

    /// Mails a request for a published tag to the list: a cover letter, and each patch under it.
    pub(crate) fn mails_pull(&self, url: &str, tag: &str) -> Mailed {
        let request = self.writes_pull(url, tag);
        self.mails(&request);
        request
    }

    /// Writes the letters of such a request; git asks the URL whether the tag is there.
    pub(crate) fn writes_pull(&self, url: &str, tag: &str) -> Mailed {
        let request = self.request_pull(url, tag);
        let letters = self.letters(tag);
        run(self
            .git()
            .args(["format-patch", "--quiet", "--thread=shallow", "--cover-letter"])
            .args(["--subject-prefix=PULL", "-o"])
            .arg(&letters)
            .arg(format!("origin/master..{tag}")));
        // Git gives covers of one second one Message-ID; people do not write that fast.
        for letter in fs::read_dir(&letters).expect("format-patch made it") {
            let letter = letter.expect("our folder").path();
            let text = fs::read_to_string(&letter).expect("our file");
            let apart = text.replace("<cover.", &format!("<{tag}.cover."));
            fs::write(&letter, apart).expect("our file");
        }
        let cover = letters.join("0000-cover-letter.patch");
        let subject = format!("changes of {tag}");
        let text = fs::read_to_string(&cover)
            .expect("format-patch made it")
            .replace("*** SUBJECT HERE ***", &subject)
            .replace("*** BLURB HERE ***", &request);
        fs::write(&cover, &text).expect("our file");
        Mailed {
            message_id: field(&text, "Message-ID").trim_matches(['<', '>']).to_owned(),
            subject: field(&text, "Subject").to_owned(),
            tip: self.tip(tag),
            tag: tag.to_owned(),
        }
    }

    /// Mails what was written.
    pub(crate) fn mails(&self, request: &Mailed) {
        let letters = self.letters(&request.tag);
        run(self.git().args(["send-email", "--quiet", "--to", LIST]).arg(&letters));
    }

    fn letters(&self, tag: &str) -> PathBuf {
        self.home.join(format!("letters-{tag}"))
    }

    /// A git command in the work tree.
    pub(crate) fn git(&self) -> Command {
        self.git_in(&self.tree)
    }

    fn git_in(&self, folder: &Path) -> Command {
        let mut git = command(GIT);
        git.current_dir(folder)
            .env("HOME", &self.home)
            .env("GNUPGHOME", self.home.join(".gnupg"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0");
        git
    }

    fn gpg(&self) -> Command {
        let mut gpg = command("/usr/bin/gpg");
        gpg.env("GNUPGHOME", self.home.join(".gnupg"));
        gpg.args(["--batch", "--quiet", "--passphrase", ""]);
        gpg
    }

    fn configuration(&self, rig: &Rig) -> String {
        let Self { user, address, .. } = self;
        let name = self.person();
        let name = name.split(" <").next().unwrap_or_default();
        let port = rig.submission.port();
        let password = password(user);
        let ca = rig.authority.certificate.display();
        format!(
            "[user]
	name = {name}
	email = {address}
	signingKey = {address}
[http]
	sslCAInfo = {ca}
[sendemail]
	from = {name} <{address}>
	smtpServer = 127.0.0.1
	smtpServerPort = {port}
	smtpEncryption = tls
	smtpUser = {user}
	smtpPass = {password}
	smtpDomain = {user}.example.test
	smtpSSLCertPath = {ca}
	suppressCc = all
	confirm = never
"
        )
    }
}

impl Drop for Maintainer {
    fn drop(&mut self) {
        // gpg started an agent for this home.
        let mut gpgconf = command("/usr/bin/gpgconf");
        gpgconf.env("GNUPGHOME", self.home.join(".gnupg")).args(["--kill", "gpg-agent"]);
        let _best_effort = gpgconf.status();
    }
}

/// A header's value, on one line.
fn field<'a>(text: &'a str, name: &str) -> &'a str {
    let mut fields = text.lines().filter_map(|line| line.split_once(": "));
    let found = fields.find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.unwrap_or_else(|| panic!("no {name} in {text}")).1
}
