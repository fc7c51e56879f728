//! A mail to the command mailbox, as bytes: what is signed in it, and the commands in its text.

use crate::mail::commands::{Commands, MOST, commands, in_subject, retest_on_list};
use crate::mail::proof::dkim::{from_domain, has_plain_header, signatures};
use crate::mail::proof::said::Said;
use crate::mail::proof::signed::{SignedPart, is_marked, signed_part};
use crate::mail::proof::{doubled, results};
use crate::pull::command_mail::LONGEST_LINE;

/// Panics unless what is promised holds.
pub fn check(bytes: &[u8]) {
    let _ = (doubled(bytes), from_domain(bytes), has_plain_header(bytes), is_marked(bytes));
    let _ = results::topmost(bytes, "mx.example.org");
    match signed_part(bytes) {
        Ok(Some(SignedPart::Entity { content, .. })) => {
            assert!(is_marked(bytes) || content.len() < bytes.len());
            Said::of_entity(&content).into_iter().for_each(|said| check_said(&said));
        }
        Ok(Some(SignedPart::Text(forms))) => {
            assert!(is_marked(bytes), "a text that is signed in the clear bears no mark");
            forms.iter().for_each(|form| check_said(&form.said));
        }
        Ok(None) | Err(_) => {}
    }
    for signature in signatures(bytes).into_iter().flatten() {
        let _ = signature.signed_at(bytes);
        signature.said(bytes).into_iter().for_each(|said| check_said(&said));
    }
}

fn check_said(said: &Said) {
    for in_thread in [false, true] {
        let found = commands(&said.text, in_thread);
        assert!(found.lines.len() <= MOST);
        assert!(!found.more || found.lines.len() == MOST);
        for line in &found.lines {
            assert!(line.text.len() <= LONGEST_LINE && !line.text.contains(char::is_control));
        }
        // What is quoted is no command, whatever it is.
        let quoted: String = said.text.lines().map(|line| format!("> {line}\n")).collect();
        assert_eq!(commands(&quoted, in_thread), Commands::default());
        said.subject.iter().for_each(|subject| drop(in_subject(subject, in_thread)));
    }
    let _ = retest_on_list(&said.text);
}
