//! A mail with well-formed parts around odd contents: what bytes alone rarely hit.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

/// Where the header and the text of a request go into the tree.
const TEXT: &[u8] =
    b"The following changes since commit bbbb0123456789abcdef0123456789abcdef0123:\n\n\
    are available in the Git repository at:\n\n  https://git.example/p.git tags/x\n\n\
    for you to fetch changes up to 77770123456789abcdef0123456789abcdef0123:\n";

#[derive(Arbitrary, Debug)]
struct Mail<'a> {
    header: Vec<Field<'a>>,
    body: Part<'a>,
}

#[derive(Arbitrary, Debug)]
enum Field<'a> {
    From(&'a [u8]),
    Munged(&'a [u8]),
    ReplyTo(&'a [u8]),
    Subject(&'a [u8]),
    Pull(&'a [u8]),
    ListId(&'a [u8]),
    References(&'a [u8]),
    Submitted(&'a [u8]),
    Date(&'a [u8]),
    Any(&'a [u8]),
}

#[derive(Arbitrary, Debug)]
enum Part<'a> {
    Request(Kind<'a>, &'a [u8]),
    Text(Kind<'a>, &'a [u8]),
    Multi(Multi, u8, Vec<Part<'a>>, End<'a>),
    Message(Box<Mail<'a>>),
    Raw(&'a [u8]),
}

#[derive(Arbitrary, Debug)]
enum Kind<'a> {
    Plain,
    Flowed,
    Html,
    Quoted,
    Base64,
    Attached,
    Charset(&'a [u8]),
    Other(&'a [u8]),
}

#[derive(Arbitrary, Debug)]
enum Multi {
    Mixed,
    Alternative,
    Signed,
    Digest,
    Related,
    Report,
}

#[derive(Arbitrary, Debug)]
enum End<'a> {
    Closed,
    Open,
    Footer(&'a [u8]),
}

fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(value);
    out.push(b'\n');
}

fn write_mail(out: &mut Vec<u8>, mail: &Mail<'_>) {
    for one in &mail.header {
        match one {
            Field::From(v) => field(out, "From: ", v),
            Field::Munged(v) => field(out, "From: Alice via list <list@example.org>", v),
            Field::ReplyTo(v) => field(out, "Reply-To: ", v),
            Field::Subject(v) => field(out, "Subject: ", v),
            Field::Pull(v) => field(out, "Subject: [PULL] ", v),
            Field::ListId(v) => field(out, "List-Id: <list.example.org>", v),
            Field::References(v) => field(out, "References: <a@b> ", v),
            Field::Submitted(v) => field(out, "Auto-Submitted: ", v),
            Field::Date(v) => field(out, "Date: ", v),
            Field::Any(v) => field(out, "", v),
        }
    }
    out.extend_from_slice(b"From: A <a@example.org>\nMessage-ID: <m@example.org>\n");
    out.extend_from_slice(b"Subject: [PULL] x\n");
    write_part(out, &mail.body);
}

fn write_part(out: &mut Vec<u8>, part: &Part<'_>) {
    match part {
        Part::Request(kind, around) => {
            write_kind(out, kind);
            out.extend_from_slice(around);
            out.push(b'\n');
            out.extend_from_slice(TEXT);
        }
        Part::Text(kind, text) => {
            write_kind(out, kind);
            out.extend_from_slice(text);
        }
        Part::Message(mail) => {
            out.extend_from_slice(b"Content-Type: message/rfc822\n\n");
            write_mail(out, mail);
        }
        Part::Raw(bytes) => out.extend_from_slice(bytes),
        Part::Multi(multi, mark, parts, end) => {
            let kind = match multi {
                Multi::Mixed => "mixed",
                Multi::Alternative => "alternative",
                Multi::Signed => "signed",
                Multi::Digest => "digest",
                Multi::Related => "related",
                Multi::Report => "report",
            };
            let begin = format!("Content-Type: multipart/{kind}; boundary=\"{mark:x}\"\n\n");
            out.extend_from_slice(begin.as_bytes());
            for part in parts {
                out.extend_from_slice(format!("--{mark:x}\n").as_bytes());
                write_part(out, part);
                out.push(b'\n');
            }
            match end {
                End::Closed => out.extend_from_slice(format!("--{mark:x}--\n").as_bytes()),
                End::Open => {}
                End::Footer(text) => {
                    out.extend_from_slice(format!("--{mark:x}--\n").as_bytes());
                    out.extend_from_slice(text);
                }
            }
        }
    }
}

fn write_kind(out: &mut Vec<u8>, kind: &Kind<'_>) {
    match kind {
        Kind::Plain => field(out, "Content-Type: text/plain\n", b""),
        Kind::Flowed => field(out, "Content-Type: text/plain; format=flowed\n", b""),
        Kind::Html => field(out, "Content-Type: text/html\n", b""),
        Kind::Quoted => field(out, "Content-Transfer-Encoding: quoted-printable\n", b""),
        Kind::Base64 => field(out, "Content-Transfer-Encoding: base64\n", b""),
        Kind::Attached => field(out, "Content-Disposition: attachment; filename=a.patch\n", b""),
        Kind::Charset(name) => {
            field(out, "Content-Type: text/plain; charset=", name);
            out.push(b'\n');
        }
        Kind::Other(name) => {
            field(out, "Content-Type: ", name);
            out.push(b'\n');
        }
    }
}

fuzz_target!(init: reading::only_what_escapes(), |mail: Mail<'_>| {
    let mut bytes = Vec::new();
    write_mail(&mut bytes, &mail);
    reading::check(&bytes);
});
