//! What holds of every mail, shown on bytes and on trees of parts.

use proptest::prelude::*;

use super::check;

const BLOCK: &str = "The following changes since commit bbbb0123456789abcdef0123456789abcdef0123:\n\n\
    are available in the Git repository at:\n\n  https://git.example/p.git tags/x\n\n\
    for you to fetch changes up to 77770123456789abcdef0123456789abcdef0123:\n";

/// A value of a header: words of mail, and anything.
fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => proptest::sample::select(vec![
            "[PULL] x", "Re: [PULL] x", "[GIT PULL] =?utf-8?q?=00=0Ax?=", "A <a@example.org>",
            "A via list <list@example.org>", "<m@example.org>", "<a@b> <c@d>", "<list.example.org>",
            "auto-replied", "no", "Fri, 02 Jan 2026 10:15:02 +0000", "a\n b",
        ]).prop_map(|text: &str| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
    ]
}

fn header() -> impl Strategy<Value = Vec<u8>> {
    let name = proptest::sample::select(vec![
        "From",
        "Subject",
        "Message-ID",
        "References",
        "In-Reply-To",
        "Reply-To",
        "X-Original-From",
        "List-Id",
        "List-Post",
        "To",
        "Cc",
        "Date",
        "Auto-Submitted",
        "Return-Path",
        "Con tent-Type",
    ]);
    let field = (name, value()).prop_map(|(name, value)| [name.as_bytes(), b": ", &value].concat());
    proptest::collection::vec(field, 0..8).prop_map(|fields| {
        let mut header = fields.join(&b'\n');
        header
            .extend(b"\nFrom: A <a@example.org>\nSubject: [PULL] x\nMessage-ID: <m@example.org>\n");
        header
    })
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let kind = proptest::sample::select(vec![
        "",
        "Content-Type: text/plain; charset=utf-16",
        "Content-Type: text/plain; format=flowed",
        "Content-Type: text/html",
        "Content-Transfer-Encoding: base64",
        "Content-Transfer-Encoding: quoted-printable",
        "Content-Type: text/plain; charset=x-unknown",
        "Content-Disposition: attachment; filename*0*=utf-8''a; filename*1=.patch",
    ]);
    let words = proptest::sample::select(vec![
        BLOCK,
        "> quoted\n",
        "<pre>",
        "<blockquote>",
        "&lt;",
        "please pull\n",
        "--",
        "=\n",
        "=?a?b?",
        "https://git.example/p.git x\n",
        "diff --git a b\n",
        "\0",
        "\u{FEFF}",
        "changes since 1234567 ",
    ]);
    let piece = prop_oneof![
        4 => words.prop_map(|text: &str| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..30),
    ];
    (kind, proptest::collection::vec(piece, 0..8))
        .prop_map(|(kind, pieces)| [kind.as_bytes(), b"\n\n", &pieces.concat()].concat())
}

/// A part with its header, and parts in it.
fn part() -> impl Strategy<Value = Vec<u8>> {
    text().prop_recursive(5, 40, 5, |inner| {
        let kind = proptest::sample::select(vec![
            "mixed",
            "alternative",
            "signed",
            "digest",
            "related",
            "report",
        ]);
        let parts = proptest::collection::vec(inner.clone(), 0..5);
        let multi =
            (kind, 0..4_u8, parts, any::<bool>()).prop_map(|(kind, mark, parts, closed)| {
                let begin = format!("Content-Type: multipart/{kind}; boundary=\"{mark}\"\n");
                let between = format!("\n--{mark}\n");
                let mut all = begin.into_bytes();
                for part in parts {
                    all.extend(between.as_bytes());
                    all.extend(part);
                }
                if closed {
                    all.extend(format!("\n--{mark}--\n").as_bytes());
                }
                all
            });
        let message = (header(), inner).prop_map(|(header, part)| {
            [b"Content-Type: message/rfc822\n\n", header.as_slice(), &part].concat()
        });
        prop_oneof![2 => multi, 1 => message]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        check(&bytes);
    }

    #[test]
    fn any_tree_of_parts_is_read(header in header(), part in part()) {
        check(&[header, part].concat());
    }

    #[test]
    fn any_end_of_a_tree_may_be_missing(header in header(), part in part(), at in any::<prop::sample::Index>()) {
        let mail = [header, part].concat();
        check(&mail[..at.index(mail.len())]);
    }
}
