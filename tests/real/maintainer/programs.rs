//! Mails to the bot, by the programs that people write them with: mutt (PGP/MIME), `gpg
//! --clearsign` with swaks or `git send-email`. All go through the submission server, as the login
//! of whoever sends them.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::Maintainer;
use crate::process::{command, eventually, run};
use crate::rig::{COMMANDS, Rig, address, password};

/// Between two keys that are typed.
const TYPING: Duration = Duration::from_millis(100);

/// A mail as swaks sends it.
pub(crate) struct Swaks {
    /// What it says to be from.
    pub(crate) from: String,
    /// To whom it is.
    pub(crate) to: String,
    /// Its Message-ID, without `<>`.
    pub(crate) message_id: String,
    /// Its subject.
    pub(crate) subject: String,
    /// The Message-ID of the mail that it answers, if it does.
    pub(crate) answers: Option<String>,
    /// Its text.
    pub(crate) text: String,
}

impl Swaks {
    /// A command mail in that address's name.
    pub(crate) fn command(from: &str, message_id: &str, text: &str) -> Self {
        Self {
            from: from.to_owned(),
            to: address(COMMANDS),
            message_id: message_id.to_owned(),
            subject: "To the bot".to_owned(),
            answers: None,
            text: text.to_owned(),
        }
    }
}

/// swaks before the submission server, logged in as that user.
pub(crate) fn swaks(rig: &Rig, user: &str) -> Command {
    let server = format!("127.0.0.1:{}", rig.submission.port());
    let mut swaks = command("/usr/bin/swaks");
    swaks
        .args(["--silent", "2", "--tls", "--tls-ca-path"])
        .arg(&rig.authority.certificate)
        .args(["--server", &server, "--helo", "laptop.example.test", "--auth", "PLAIN"])
        .args(["--auth-user", user, "--auth-password", &password(user)]);
    swaks
}

impl Maintainer {
    /// Signs a text in the clear.
    pub(crate) fn clearsigns(&self, text: &str) -> String {
        let file = self.home.join("text");
        fs::write(&file, text).expect("our folder");
        run(self
            .gpg()
            .args(["--local-user", &self.address, "--output", "-", "--clearsign"])
            .arg(&file))
    }

    /// Sends a mail with swaks, logged in as oneself whatever the mail says.
    pub(crate) fn sends(&self, rig: &Rig, mail: &Swaks) {
        let field = |name: &str, value: &str| format!("{name}: {value}");
        let mut swaks = swaks(rig, self.user);
        swaks
            .args(["--from", &self.address, "--to", &mail.to])
            .args(["--header", &field("From", &mail.from)])
            .args(["--header", &field("Subject", &mail.subject)])
            .args(["--header", &field("Message-Id", &format!("<{}>", mail.message_id))])
            .args(["--add-header", "MIME-Version: 1.0"])
            .args(["--add-header", "Content-Type: text/plain; charset=utf-8"]);
        if let Some(answered) = &mail.answers {
            swaks.args(["--add-header", &field("In-Reply-To", &format!("<{answered}>"))]);
        }
        let body = self.home.join("body");
        fs::write(&body, &mail.text).expect("our folder");
        run(swaks.arg("--body").arg(format!("@{}", body.display())));
    }

    /// Gives the MX a command mail as it stands, as any machine may.
    pub(crate) fn sends_by_the_mx(&self, rig: &Rig, mail: &str) {
        let file = self.home.join("mail");
        fs::write(&file, mail).expect("our folder");
        let server = format!("127.0.0.1:{}", rig.mx.port());
        let (from, to) = (&self.address, &address(COMMANDS));
        let mut swaks = command("/usr/bin/swaks");
        swaks.args(["--silent", "2", "--server", &server, "--helo", "elsewhere.example"]);
        swaks.args(["--from", from, "--to", to, "--data"]);
        run(swaks.arg(format!("@{}", file.display())));
    }

    /// Mails a file with `git send-email`; the mail's Message-ID.
    pub(crate) fn sends_file(&self, subject: &str, text: &str) -> String {
        let id = format!("git-{}@example.test", subject.replace(' ', "-"));
        let file = self.home.join("command.txt");
        let person = self.person();
        let mail = format!("From: {person}\nSubject: {subject}\nMessage-ID: <{id}>\n\n{text}");
        fs::write(&file, mail).expect("our folder");
        let to = address(COMMANDS);
        run(self.git().args(["send-email", "--quiet", "--to", &to]).arg(&file));
        id
    }

    /// Writes a mail to the command mailbox in mutt, which signs it (PGP/MIME), and sends it; its
    /// Message-ID.
    ///
    /// mutt signs nothing in its batch mode, so it gets a terminal, and somebody who types `y` in
    /// its compose menu. It throws away what was typed before the menu stands there.
    pub(crate) fn mutts(&self, rig: &Rig, subject: &str, text: &str) -> String {
        let body = self.home.join("body");
        fs::write(&body, text).expect("our folder");
        let sent = self.home.join("sent");
        let _none_yet = fs::remove_file(&sent);
        let rc = self.home.join("muttrc");
        fs::write(&rc, self.muttrc(rig)).expect("our folder");
        let (rc, body, to) = (rc.display(), body.display(), address(COMMANDS));
        let line = format!("/usr/bin/mutt -n -F {rc} -s '{subject}' -i {body} -- {to}");
        let mut script = command("/usr/bin/script");
        self.at_home(&mut script);
        script.env("TERM", "xterm").args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        let mut mutt = script
            .stdin(Stdio::piped())
            .stdout(fs::File::create(self.home.join("terminal")).expect("our folder"))
            .spawn()
            .expect("script is installed");
        let mut keyboard = mutt.stdin.take().expect("a pipe");
        let status = eventually("mutt sends the mail", || {
            let _ended_meanwhile = keyboard.write_all(b"y").and_then(|()| keyboard.flush());
            thread::sleep(TYPING);
            mutt.try_wait().expect("our child")
        });
        let terminal = fs::read(self.home.join("terminal")).unwrap_or_default();
        assert!(status.success(), "{}", String::from_utf8_lossy(&terminal));
        let copy = fs::read_to_string(&sent).expect("mutt keeps a copy");
        super::field(&copy, "Message-ID").trim_matches(['<', '>']).to_owned()
    }

    fn muttrc(&self, rig: &Rig) -> String {
        let Self { user, address, home, .. } = self;
        let name = self.person();
        let name = name.split(" <").next().unwrap_or_default();
        let (password, port) = (password(user), rig.submission.port());
        let (ca, home) = (rig.authority.certificate.display(), home.display());
        format!(
            "set from = \"{address}\"
set realname = \"{name}\"
set use_from = yes
set hostname = example.test
set smtp_url = \"smtp://{user}@127.0.0.1:{port}\"
set smtp_pass = \"{password}\"
set ssl_starttls = yes
set ssl_force_tls = yes
set ssl_ca_certificates_file = \"{ca}\"
set crypt_use_gpgme = yes
set crypt_autosign = yes
set crypt_protected_headers_write = yes
set pgp_sign_as = \"{address}\"
set folder = \"{home}\"
set record = \"{home}/sent\"
set copy = yes
set editor = true
set autoedit = yes
set edit_headers = yes
set abort_unmodified = no
set sleep_time = 0
"
        )
    }

    fn at_home(&self, program: &mut Command) {
        program.current_dir(&self.home).env("HOME", &self.home);
        program.env("GNUPGHOME", self.home.join(".gnupg"));
    }
}
