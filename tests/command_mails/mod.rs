//! Each mail of `fixtures/command` comes to nothing but what `truth.jsonl` says: what is carried out,
//! what is refused and why, who is told, and what is passed over in silence.

mod bot;
mod given;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::mail::commands::{Commands, commands};
use mail_parser::MessageParser;
use serde::Deserialize;

use crate::command_mails::bot::Bot;

/// What has to come of a mail.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Truth {
    name: String,
    outcome: Outcome,
    /// Commands that are carried out.
    #[serde(default)]
    did: Vec<String>,
    /// Commands that are refused.
    #[serde(default)]
    refused: Vec<String>,
    /// A part of the reason for which the whole mail is refused.
    why: Option<String>,
    /// Parts of the answer.
    #[serde(default)]
    says: Vec<String>,
    /// Mails that came before.
    #[serde(default)]
    after: Vec<String>,
    /// It comes by the list.
    #[serde(default, rename = "listed")]
    _listed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    /// Its sender gets a transcript.
    Answered,
    /// Its commands are carried out, and the list sees what comes of it.
    Obeyed,
    /// It is refused as a whole, for the audit trail alone.
    Refused,
    /// It is refused as a whole, and whoever it says to be from is told.
    #[serde(rename = "told unproved")]
    ToldUnproved,
    /// Nothing comes of it at all.
    Silence,
}

fn fixtures() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/command"))
}

fn mail(name: &str) -> Vec<u8> {
    fs::read(fixtures().join(format!("{name}.eml"))).unwrap()
}

fn truths() -> Vec<Truth> {
    let text = fs::read_to_string(fixtures().join("truth.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_mail_has_its_truth_and_there_are_many() {
    let truths = truths();
    let told: BTreeSet<String> = truths.iter().map(|truth| truth.name.clone()).collect();
    let files = fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path());
    let mails = files.filter(|path| path.extension().is_some_and(|end| end == "eml"));
    let mails: BTreeSet<String> =
        mails.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(mails, told);
    assert!(mails.len() >= 400, "{}", mails.len());
    for outcome in [Outcome::Answered, Outcome::Refused, Outcome::ToldUnproved, Outcome::Silence] {
        assert!(truths.iter().filter(|truth| truth.outcome == outcome).count() >= 20);
    }
}

#[test]
fn every_mail_comes_to_what_it_must() {
    let wrong: Vec<String> = truths().iter().filter_map(|truth| judge(truth).err()).collect();
    assert!(wrong.is_empty(), "{} mails:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

/// Somebody sends an answer back, with or without what a machine wrote into its header.
#[test]
fn no_answer_gives_a_command_or_is_answered() {
    let mut answers = 0;
    for truth in truths().iter().filter(|truth| truth.outcome == Outcome::Answered) {
        let mut bot = Bot::new(&fixtures().join("keyring"));
        bot.gets(&mail(&truth.name));
        let (audit, letters) = (bot.audit().len(), bot.letters());
        for letter in &letters {
            answers += 1;
            let parsed = MessageParser::default().parse(&letter.bytes).unwrap();
            let text = parsed.body_text(0).unwrap();
            assert_eq!(commands(&text, true), Commands::default(), "{}: {text}", truth.name);
            bot.gets(&letter.bytes);
        }
        assert_eq!(bot.audit().len(), audit, "{}", truth.name);
        assert_eq!(bot.letters().len(), letters.len(), "{}", truth.name);
    }
    assert!(answers > 200, "{answers}");
}

/// Lets a mail come, and says what is wrong with what comes of it.
fn judge(truth: &Truth) -> Result<(), String> {
    let mut bot = Bot::new(&fixtures().join("keyring"));
    for before in &truth.after {
        bot.gets(&mail(before));
    }
    let (entries_before, letters_before) = (bot.audit().len(), bot.letters().len());
    bot.gets(&mail(&truth.name));

    let entries = bot.audit().split_off(entries_before);
    let of_the_mail: Vec<_> = entries.iter().filter(|entry| entry.command.is_empty()).collect();
    let commands = |carried_out: bool| -> Vec<&str> {
        let given =
            entries.iter().filter(|e| !e.command.is_empty() && e.carried_out == carried_out);
        given.map(|entry| entry.command.as_str()).collect()
    };
    let letters: Vec<String> =
        bot.letters()[letters_before..].iter().map(|letter| words(&letter.bytes)).collect();
    let reasons: Vec<&str> = of_the_mail.iter().map(|entry| entry.outcome.as_str()).collect();
    let wrong = |what: &str| {
        let outcomes: Vec<_> =
            entries.iter().map(|e| format!("{}: {}", e.command, e.outcome)).collect();
        Err(format!(
            "{}: {what}\n  {truth:?}\n  audit: {outcomes:#?}\n  letters: {letters:#?}",
            truth.name
        ))
    };

    if commands(true) != truth.did {
        return wrong("other commands were carried out");
    }
    if commands(false) != truth.refused {
        return wrong("other commands were refused");
    }
    let whole = matches!(truth.outcome, Outcome::Refused | Outcome::ToldUnproved);
    if reasons.len() != usize::from(whole) {
        return wrong("whether the whole mail was refused");
    }
    if let Some(why) = &truth.why
        && !reasons.iter().any(|reason| reason.contains(why.as_str()))
    {
        return wrong("the reason is another one");
    }
    let answers = letters.iter().filter(|letter| letter.contains("Gatepost")).count();
    let expected = match truth.outcome {
        Outcome::Answered | Outcome::ToldUnproved => 1,
        Outcome::Obeyed | Outcome::Refused | Outcome::Silence => 0,
    };
    if answers != expected {
        return wrong("who is told");
    }
    let unsaid = |part: &&String| !letters.iter().any(|letter| letter.contains(part.as_str()));
    if let Some(part) = truth.says.iter().find(unsaid) {
        return wrong(&format!("the answer does not say {part:?}"));
    }
    Ok(())
}

/// A letter's text on one line.
fn words(letter: &[u8]) -> String {
    let letter = MessageParser::default().parse(letter).expect("a letter is a mail");
    let text = letter.body_text(0).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
