//! Servers that refuse every login and quote it: nothing of that reaches a log, a letter, the
//! store, an answer, or a public sentence.

use std::collections::BTreeMap;

use crate::adapters::gitlab::GitLab;
use crate::adapters::imap::{ImapFolder, Limits};
use crate::adapters::smtp::SmtpServer;
use crate::config::model::{Account, Ci, Smtp, Tls};
use crate::config::secret::Secret;
use crate::ports::{Delivery, Envelope, Fault, Mailbox, Outbound, Pipelines};
use crate::pull::ids::{AccountName, JobId, PipelineId};
use jiff::SignedDuration;

use crate::canaries::echo::Echo;
use crate::canaries::stage::{IMAP, Places, SMTP, Stage, TOKEN, expect_clean, expect_clean_folder};

fn clean(what: &str, fault: &Fault) {
    let quotes = fault.detail.contains("***") || fault.public.iter().any(|p| p.contains("***"));
    expect_clean(what, format!("{fault:?}").as_bytes());
    expect_clean(what, fault.detail.as_bytes());
    assert!(quotes || what.contains("code alone"), "{what} quotes nothing: {fault:?}");
}

fn folder(plain: bool) -> ImapFolder {
    let account = Account {
        name: AccountName::new("lists"),
        host: "127.0.0.1".into(),
        port: Echo::imap(plain).port,
        tls: Tls::None,
        ca_file: None,
        login: "gatepost".into(),
        password: Secret::new(IMAP),
        allow_plain: true,
        poll: SignedDuration::from_secs(60),
    };
    ImapFolder::new(&account, "INBOX", Limits::default()).unwrap()
}

#[test]
fn an_imap_server_that_quotes_a_login_is_not_quoted() {
    for plain in [true, false] {
        clean("the mailbox's refusal", &folder(plain).open().unwrap_err());
    }
}

fn smtp(takes_login: bool) -> SmtpServer {
    let settings = Smtp {
        host: "127.0.0.1".into(),
        port: Echo::smtp(takes_login).port,
        tls: Tls::None,
        ca_file: None,
        allow_plain: true,
        login: Some(("sender".into(), Secret::new(SMTP))),
        hello_name: Some("bot.example".into()),
        deadline: SignedDuration::from_secs(10),
    };
    SmtpServer::new(&settings).unwrap()
}

#[test]
fn an_smtp_server_that_quotes_a_login_is_not_quoted() {
    clean("the login's refusal, code alone", &smtp(false).probe().unwrap_err());
    let envelope =
        Envelope { sender: "a@b.example".into(), recipients: vec!["c@d.example".into()] };
    let Delivery::Permanent(fault) = smtp(true).send(&envelope, b"Subject: x\r\n\r\nx\r\n") else {
        panic!("it was to be refused");
    };
    clean("the letter's refusal", &fault);
}

fn gitlab(status: &'static str, body: fn(&str) -> String) -> GitLab {
    let url = format!("http://127.0.0.1:{}", Echo::http(status, body).port);
    GitLab::new(&Ci {
        gitlab: url.clone(),
        project: "demo/project".into(),
        push_url: format!("{url}/demo/project.git"),
        fetch_url: format!("{url}/demo/project.git"),
        token: Secret::new(TOKEN),
        ca_file: None,
        reference: "staging".into(),
        max_running: 1,
        start_within: SignedDuration::from_mins(60),
        finish_within: SignedDuration::from_mins(60),
        poll: SignedDuration::from_secs(1),
        required_jobs: Vec::new(),
        ci_lint: crate::pull::policy::CiLint::Try,
        ci_paths: Vec::new(),
        variables: BTreeMap::new(),
        inputs: BTreeMap::new(),
    })
    .unwrap()
}

#[test]
fn a_gitlab_that_quotes_its_token_is_not_quoted() {
    let message = |token: &str| format!(r#"{{"message":"401: token {token} is revoked"}}"#);
    for status in ["401 Unauthorized", "403 Forbidden", "404 Not Found", "500 Oops"] {
        let fault = gitlab(status, message).get(PipelineId(1)).unwrap_err();
        clean(status, &fault);
    }
    // Hidden characters between its letters are taken out before it is looked for again.
    let hidden = |token: &str| {
        format!("{{\"message\":\"{}\"}}", token.replace('-', "-\u{200b}").replace('c', "\\u0063"))
    };
    clean("a hidden one", &gitlab("401 Unauthorized", hidden).get(PipelineId(1)).unwrap_err());
    let odd = |token: &str| format!(r#"{{"id":"{token}","sha":"{token}","status":"{token}"}}"#);
    clean("an odd answer", &gitlab("200 OK", odd).get(PipelineId(1)).unwrap_err());
}

#[test]
fn a_refused_create_tells_the_list_nothing_of_the_token() {
    let reasons = |token: &str| format!(r#"{{"message":{{"base":["{token} may not"]}}}}"#);
    let fault = gitlab("400 Bad Request", reasons).create("staging").unwrap_err();
    assert!(fault.public.as_deref().is_some_and(|public| public.contains("*** may not")));
    clean("the public sentence", &fault);
}

#[test]
fn a_log_that_has_the_token_in_it_is_kept_without_it() {
    let trace = |token: &str| format!("$ env\nGITLAB_TOKEN={token}\nFAIL {token}\n");
    let log = gitlab("200 OK", trace).log(JobId(1), 1 << 20).unwrap();
    expect_clean("the log", &log);
    assert_eq!(log, b"$ env\nGITLAB_TOKEN=***\nFAIL ***\n");
}

#[test]
fn a_bot_that_is_refused_everywhere_shows_no_secret() {
    let stage = Stage::new();
    let (imap, smtp) = (Echo::imap(true), Echo::smtp(false));
    let http = Echo::http("401 Unauthorized", |token| {
        format!(r#"{{"message":"401 {token}","error":"{token}"}}"#)
    });
    stage.configure(&Places {
        imap: imap.port,
        smtp: smtp.port,
        gitlab: format!("http://127.0.0.1:{}", http.port),
    });
    // The mirror is made, then the CI project refuses the push.
    assert!(!stage.runs(&["setup"]).status.success());
    assert!(!stage.runs(&["check"]).status.success());
    let bot = stage.starts("text");
    bot.waits_for("the control socket", || stage.runs(&["status"]).stdout.starts_with(b"The bot"));
    let pull = &stage.pulls[0];
    let test = format!("test {}/alice.git tags/{} {}", stage.git.url(), pull.tag, pull.tip());
    stage.runs(&["do", &test]);
    let before = http.refused.load(std::sync::atomic::Ordering::SeqCst);
    bot.waits_for("refusals of everything", || {
        let pushed = http.refused.load(std::sync::atomic::Ordering::SeqCst) > before;
        imap.has_refused() && smtp.has_refused() && pushed && bot.log().contains("***")
    });
    stage.runs(&["status"]);
    stage.runs(&["status", "--format", "json"]);
    stage.runs(&["show", "run-1", "--format", "json"]);
    bot.crashes();
    assert!(expect_clean_folder(&stage.state()) > 5, "alerts are kept there");
}
