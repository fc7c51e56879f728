//! Who may give what: one table for all roles, proofs and ways.

use super::*;
use crate::pull::overlay::Change;
use crate::pull::verbs::ROWS;

const PROOFS: [Proof; 3] = [Proof::None, Proof::Domain, Proof::Person];

const ROLES: [Option<Role>; 5] = [
    None,
    Some(Role::Author),
    Some(Role::Maintainer),
    Some(Role::Manager),
    Some(Role::Administrator),
];

const TIES: [Tie; 3] = [Tie::None, Tie::Paths, Tie::Own];

fn by(proof: Proof) -> Sender {
    let how = match proof {
        Proof::None => SenderProof::Nothing,
        Proof::Domain => SenderProof::Dkim { domain: "example.org".into() },
        Proof::Person => SenderProof::OpenPgp { key: "KEY".into() },
    };
    Sender { address: "somebody@example.org".into(), how }
}

fn row(word: &str) -> &'static Row {
    ROWS.iter().find(|row| row.word == word).unwrap_or_else(|| panic!("{word}"))
}

/// The least role that may give a command with a signature, by what ties it to the request.
fn least(word: &str) -> [Option<Role>; 3] {
    TIES.map(|tie| {
        let by = by(Proof::Person);
        let may = |role: &Option<Role>| {
            may(row(word), &Giver { role: *role, by: &by, on_list: false }, tie).is_ok()
        };
        let least = ROLES.iter().find(|role| may(role)).copied().flatten();
        let from = ROLES.iter().position(|role| *role == least).unwrap_or_default();
        assert!(ROLES[from..].iter().all(may), "{word}: a weightier role may more");
        least
    })
}

#[test]
fn each_role_may_what_its_rows_say() {
    let [author, maintainer, manager, administrator] =
        [Role::Author, Role::Maintainer, Role::Manager, Role::Administrator].map(Some);
    for word in ["show", "retest", "cancel"] {
        assert_eq!(least(word), [manager, maintainer, author], "{word}");
    }
    for word in ["status", "list", "log", "test", "approve", "refuse", "pause", "emergency-stop"] {
        assert_eq!(least(word), [manager; 3], "{word}");
    }
    for word in ["key add", "key remove", "key list", "allow", "deny", "manager add"] {
        assert_eq!(least(word), [administrator; 3], "{word}");
    }
    assert_eq!(least("help"), [author; 3]);
}

#[test]
fn nobody_without_a_role_or_a_proof_may_give_anything() {
    for row in ROWS {
        for tie in TIES {
            for (role, proof) in ROLES.iter().flat_map(|role| PROOFS.map(|proof| (*role, proof))) {
                for on_list in [false, true] {
                    let by = by(proof);
                    let may = may(row, &Giver { role, by: &by, on_list }, tie).is_ok();
                    let case = format!("{} {role:?} {proof:?} {on_list}", row.word);
                    assert!(!may || role.is_some() && proof >= row.needs, "{case}");
                    assert!(!may || proof > Proof::None, "{case}");
                    assert!(!may || !on_list || row.on_list && proof == Proof::Person, "{case}");
                }
            }
        }
    }
}

#[test]
fn what_lets_code_run_or_changes_who_may_what_needs_a_persons_signature() {
    let signed = ["test", "approve", "key add", "key remove", "allow", "deny", "manager add"];
    for word in signed.into_iter().chain(["key list", "manager remove"]) {
        let by = by(Proof::Domain);
        let giver = Giver { role: Some(Role::Administrator), by: &by, on_list: false };
        let why = may(row(word), &giver, Tie::None).unwrap_err();
        assert!(why.contains("has to be signed with your OpenPGP key"), "{word}: {why}");
    }
    let on_list: Vec<&str> = ROWS.iter().filter(|row| row.on_list).map(|row| row.word).collect();
    assert_eq!(on_list, ["retest"]);
}

#[test]
fn a_role_is_the_weightiest_that_holds_and_none_of_who_is_denied() {
    let mut overlay = Overlay::default();
    let change = || Change { by: "x".into(), at: jiff::Timestamp::UNIX_EPOCH };
    overlay.managers_added.insert("new@x".into(), change());
    overlay.managers_removed.insert("old@x".into(), change());
    overlay.denied.insert("bad@x".into(), change());
    let managers = ["Old@x", "rita@x", "bad@x"].map(str::to_owned);
    let people = People { administrator: "root@x", managers: &managers, overlay: &overlay };
    let nothing = Known::default();
    let all = Known { maintainer: true, author: true };
    let author = Known { author: true, ..nothing };
    for (address, known, role) in [
        ("ROOT@x", nothing, Some(Role::Administrator)),
        ("rita@x", all, Some(Role::Manager)),
        ("NEW@x", nothing, Some(Role::Manager)),
        ("old@x", nothing, None),
        ("old@x", all, Some(Role::Maintainer)),
        ("ada@x", author, Some(Role::Author)),
        ("ada@x", nothing, None),
        ("Bad@x", all, None),
    ] {
        assert_eq!(people.role(address, known), role, "{address} {known:?}");
    }
    assert!(people.may_ask_on_list("ada@x", all) && !people.may_ask_on_list("ada@x", author));
    assert!(!people.may_ask_on_list("bad@x", all));
    assert!(may_be_denied("root@X", &people).is_err() && may_be_denied("ada@x", &people).is_ok());
}

#[test]
fn by_mail_nobody_gets_a_key_with_a_right_and_no_key_signs_itself_away() {
    let overlay = Overlay::default();
    let managers = ["rita@x".to_owned()];
    let people = People { administrator: "root@x", managers: &managers, overlay: &overlay };
    let socket = Sender { address: "root".into(), how: SenderProof::Socket };
    let (mail, by_domain) = (by(Proof::Person), by(Proof::Domain));
    let giver = |by| Giver::of(&people, by, Known::default(), false);
    for (whose, by_mail) in [("rita@x", false), ("ROOT@x", false), ("ada@x", true)] {
        assert_eq!(may_add_key_of(whose, &people, &giver(&mail)).is_ok(), by_mail, "{whose}");
        assert!(may_add_key_of(whose, &people, &giver(&socket)).is_ok(), "{whose}");
    }
    assert!(may_remove_key("KEY", &giver(&mail)).is_err());
    assert!(may_remove_key("OTHER", &giver(&mail)).is_ok());
    assert!(may_remove_key("KEY", &giver(&socket)).is_ok());
    assert!(may_end_a_stop(&giver(&mail)).is_ok() && may_end_a_stop(&giver(&socket)).is_ok());
    assert!(may_end_a_stop(&giver(&by_domain)).is_err());
    assert!(may_take_up(&giver(&socket)).is_ok() && may_take_up(&giver(&mail)).is_err());
}
