//! Tags signed by real ssh-keygen.

use crate::ports::Keyring;
use crate::pull::tag::Verification;

use crate::keyring::signers::*;

#[test]
fn tags_signed_by_ssh_keygen_are_good() {
    for (kind, options) in [
        ("ed25519", [].as_slice()),
        ("ecdsa", &[]),
        ("ecdsa", &["-b", "521"]),
        ("rsa", &["-b", "2048"]),
    ] {
        let ssh = Ssh::new(kind, options);
        let folder = Folder::new().with("allowed_signers", ssh.line("namespaces=\"git\""));
        let signer = good(folder.verify(&ssh.tag(&payload("v1"), "git"), made()));
        assert!(signer.key.starts_with("SHA256:"), "{signer:?}");
        assert_eq!(signer.addresses, ["ada@example.org"]);
    }
}

#[test]
fn a_changed_tag_with_an_ssh_signature_is_bad() {
    let ssh = Ssh::new("ed25519", &[]);
    let folder = Folder::new().with("allowed_signers", ssh.line(""));
    let tag = String::from_utf8(ssh.tag(&payload("v1"), "git")).unwrap();
    let changed = tag.replacen("Text.", "Test.", 1);
    let verification = folder.verify(changed.as_bytes(), made());
    assert_eq!(why(&verification), "the signature does not fit the tag");
}

#[test]
fn an_ssh_signature_for_another_namespace_is_bad() {
    let ssh = Ssh::new("ed25519", &[]);
    let folder = Folder::new().with("allowed_signers", ssh.line(""));
    let verification = folder.verify(&ssh.tag(&payload("v1"), "file"), made());
    assert_eq!(why(&verification), "the signature is made for \"file\", not for git");
}

#[test]
fn an_ssh_key_that_is_not_for_git_is_unknown() {
    let ssh = Ssh::new("ed25519", &[]);
    let tag = ssh.tag(&payload("v1"), "git");
    for content in
        [String::new(), ssh.line("namespaces=\"file\""), Ssh::new("ed25519", &[]).line("")]
    {
        let folder = Folder::new().with("allowed_signers", &content);
        let verification = folder.verify(&tag, made());
        assert!(
            matches!(&verification, Verification::UnknownKey { key, .. } if key.starts_with("SHA256:")),
            "{content}: {verification:?}"
        );
        assert!(
            content.is_empty()
                || content.contains("file") != folder.keyring().knows("ada@example.org")
        );
    }
}

#[test]
fn an_ssh_key_is_good_from_valid_after_to_valid_before() {
    let ssh = Ssh::new("ed25519", &[]);
    let tag = ssh.tag(&payload("v1"), "git");
    let verify = |options: &str, now| {
        Folder::new().with("allowed_signers", ssh.line(options)).verify(&tag, now)
    };
    good(verify("valid-after=20260901Z,valid-before=20260903Z", made() + days(1)));
    // Past now, though good when it signed.
    let verification = verify("valid-before=20260903Z", made() + days(2));
    assert!(matches!(verification, Verification::Expired { .. }), "{verification:?}");
    assert_eq!(why(&verification), "the keyring has it as good until 2026-09-03");
    // Past when it signed.
    let verification = verify("valid-before=20260901Z", made() + days(2));
    assert!(matches!(verification, Verification::Expired { .. }), "{verification:?}");
    // Not good yet when it signed.
    let verification = verify("valid-after=20260902Z", made() + days(2));
    assert_eq!(why(&verification), "the keyring has the key as not good yet then");
    // Two lines for one key: one that holds is enough.
    let lines = ssh.line("valid-before=20260801Z") + &ssh.line("valid-after=20260801Z");
    let folder = Folder::new().with("allowed_signers", lines);
    good(folder.verify(&tag, made()));
}

#[test]
fn a_short_rsa_key_for_ssh_is_too_weak() {
    let ssh = Ssh::new("rsa", &["-b", "1024"]);
    let folder = Folder::new().with("allowed_signers", ssh.line(""));
    let inventory = folder.keyring().inventory(made()).unwrap();
    assert_eq!(inventory.keys[0].trouble.as_deref(), Some("an RSA key of 1024 bits is too weak"));
    let verification = folder.verify(&ssh.tag(&payload("v1"), "git"), made());
    assert_eq!(verification, Verification::Weak { why: "an RSA key of 1024 bits".into() });
}
