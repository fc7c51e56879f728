//! The file `allowed_signers` (ssh-keygen(1), ALLOWED SIGNERS), line by line.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ssh_key::PublicKey;

/// One line: a key, whose it is, and what for.
#[derive(Debug, Clone)]
pub(crate) struct AllowedSigner {
    /// The principals as the line has them: a pattern list, mostly one address.
    pub(crate) principals: String,
    /// Namespaces it may sign in: a pattern list; all if there is none.
    pub(crate) namespaces: Option<String>,
    /// Not good before.
    pub(crate) valid_after: Option<Timestamp>,
    /// Not good from then on.
    pub(crate) valid_before: Option<Timestamp>,
    /// Whether a security key's signature counts that was made without a touch.
    pub(crate) no_touch: bool,
    /// The key.
    pub(crate) key: PublicKey,
}

impl AllowedSigner {
    /// The principals that are addresses and not patterns.
    pub(crate) fn addresses(&self) -> Vec<String> {
        self.principals
            .split(',')
            .filter(|principal| principal.contains('@') && !principal.contains(['*', '?', '!']))
            .map(str::to_owned)
            .collect()
    }
}

/// Reads the file: the lines that can be read, and for the others their number (from 1) and what
/// is wrong. Times without a `Z` are in that zone.
pub(crate) fn parse(text: &str, zone: &TimeZone) -> (Vec<AllowedSigner>, Vec<(usize, String)>) {
    let (mut signers, mut problems) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match parse_line(line, zone) {
            Ok(signer) => signers.push(signer),
            Err(why) => problems.push((index + 1, why)),
        }
    }
    (signers, problems)
}

fn parse_line(line: &str, zone: &TimeZone) -> Result<AllowedSigner, String> {
    let (principals, rest) = word(line)?;
    let principals = principals.trim_matches('"').to_owned();
    let signer = |key: &str| {
        PublicKey::from_openssh(key).map(|key| AllowedSigner {
            principals: principals.clone(),
            namespaces: None,
            valid_after: None,
            valid_before: None,
            no_touch: false,
            key,
        })
    };
    if let Ok(signer) = signer(rest) {
        return Ok(signer);
    }
    let (options, key) = word(rest)?;
    if options.starts_with("ssh-") || options.starts_with("ecdsa-") || options.starts_with("sk-") {
        return Err(format!("the key can't be read: {}", reason(signer(rest))));
    }
    let mut signer = signer(key).map_err(|error| format!("the key can't be read: {error}"))?;
    for option in split_outside_quotes(options, ',') {
        signer.apply(option, zone)?;
    }
    Ok(signer)
}

fn reason(result: Result<AllowedSigner, ssh_key::Error>) -> String {
    result.err().map(|error| error.to_string()).unwrap_or_default()
}

impl AllowedSigner {
    fn apply(&mut self, option: &str, zone: &TimeZone) -> Result<(), String> {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let value = value.trim_matches('"');
        match name.to_ascii_lowercase().as_str() {
            "namespaces" => self.namespaces = Some(value.to_owned()),
            "valid-after" => self.valid_after = Some(time(value, zone)?),
            "valid-before" => self.valid_before = Some(time(value, zone)?),
            "no-touch-required" => self.no_touch = true,
            "cert-authority" => {
                return Err(
                    "cert-authority: signatures by SSH certificates are not supported".into()
                );
            }
            other => return Err(format!("unknown option {other:?}")),
        }
        Ok(())
    }
}

/// The first word, quotes kept, and what follows it.
fn word(text: &str) -> Result<(&str, &str), String> {
    let mut quoted = false;
    let end = text.find(|c: char| {
        quoted ^= c == '"';
        c.is_whitespace() && !quoted
    });
    match end {
        Some(end) => Ok((&text[..end], text[end..].trim_start())),
        None => Err("not \"principals [options] keytype key\"".into()),
    }
}

fn split_outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(|c: char| {
        quoted ^= c == '"';
        c == separator && !quoted
    })
    .collect()
}

/// `YYYYMMDD[Z]` or `YYYYMMDDHHMM[SS][Z]`.
fn time(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    let wrong = || format!("{text:?} is not a time (YYYYMMDD or YYYYMMDDHHMM[SS], Z for UTC)");
    let (digits, zone) = match text.strip_suffix(['Z', 'z']) {
        Some(digits) => (digits, &TimeZone::UTC),
        None => (text, zone),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let digits = match digits.len() {
        8 => format!("{digits}000000"),
        12 => format!("{digits}00"),
        14 => digits.to_owned(),
        _ => return Err(wrong()),
    };
    let civil = DateTime::strptime("%Y%m%d%H%M%S", digits).map_err(|_| wrong())?;
    Ok(zone.to_zoned(civil).map_err(|_| wrong())?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 \
                       AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";

    fn read(line: &str) -> Result<AllowedSigner, String> {
        let (mut signers, problems) = parse(line, &TimeZone::UTC);
        signers.pop().ok_or_else(|| problems[0].1.clone())
    }

    #[test]
    fn a_line_is_principals_options_and_key() {
        let signer = read(&format!("ada@example.org {KEY} a comment")).unwrap();
        assert_eq!(signer.principals, "ada@example.org");
        assert_eq!(signer.addresses(), ["ada@example.org"]);
        assert!(signer.namespaces.is_none() && signer.valid_after.is_none());

        let line = format!(
            "ada@example.org,*@example.org NAMESPACES=\"git,file\",valid-after=20260102,\
             valid-before=\"20270102030405Z\" {KEY}"
        );
        let signer = read(&line).unwrap();
        assert_eq!(signer.addresses(), ["ada@example.org"]);
        assert_eq!(signer.namespaces.as_deref(), Some("git,file"));
        assert_eq!(signer.valid_after.unwrap().to_string(), "2026-01-02T00:00:00Z");
        assert_eq!(signer.valid_before.unwrap().to_string(), "2027-01-02T03:04:05Z");
    }

    #[test]
    fn a_security_key_is_read_and_has_to_be_touched_unless_its_line_says_otherwise() {
        let key = "sk-ssh-ed25519@openssh.com \
                   AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFD\
                   J/XFSqtiAAAABHNzaDo=";
        let signer = read(&format!("ada@example.org {key}")).unwrap();
        assert!(signer.key.key_data().is_sk_ed25519() && !signer.no_touch);
        let signer = read(&format!("a@b namespaces=\"git\",no-touch-required {key}")).unwrap();
        assert!(signer.no_touch);
    }

    #[test]
    fn times_without_z_are_in_the_systems_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let line = format!("a@b valid-after=202601021200,valid-before=20260103Z {KEY}");
        let (signers, _) = parse(&line, &zone);
        assert_eq!(signers[0].valid_after.unwrap().to_string(), "2026-01-02T10:00:00Z");
        assert_eq!(signers[0].valid_before.unwrap().to_string(), "2026-01-03T00:00:00Z");
    }

    #[test]
    fn lines_that_cannot_be_read_are_named_and_the_others_stay() {
        let text = format!(
            "# comment\n\n\
             a@b\n\
             a@b ssh-ed25519 AAAA\n\
             a@b valid-after=2026 {KEY}\n\
             a@b cert-authority {KEY}\n\
             a@b no-such-option {KEY}\n\
             a@b valid-after=20261301 {KEY}\n\
             last@b {KEY}\n"
        );
        let (signers, problems) = parse(&text, &TimeZone::UTC);
        assert_eq!(signers.len(), 1);
        assert_eq!(signers[0].principals, "last@b");
        let lines: Vec<usize> = problems.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 4, 5, 6, 7, 8]);
        assert!(problems[3].1.contains("certificates are not supported"));
    }
}
