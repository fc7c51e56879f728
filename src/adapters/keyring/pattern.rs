//! OpenSSH's pattern lists (ssh_config(5), PATTERNS): `*`, `?`, and `!` in front of what is out.

/// Whether a comma-separated list has the text: some pattern matches, and no negated one does.
pub(crate) fn list_matches(list: &str, text: &str) -> bool {
    let mut found = false;
    for pattern in list.split(',') {
        match pattern.strip_prefix('!') {
            Some(negated) if matches(negated.as_bytes(), text.as_bytes()) => return false,
            Some(_) => {}
            None => found |= matches(pattern.as_bytes(), text.as_bytes()),
        }
    }
    found
}

/// One pattern. Goes back to the last star only, so its time is bounded by the product of the
/// lengths.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                None => return false,
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_ssh() {
        for (list, text, expected) in [
            ("git", "git", true),
            ("git", "gitx", false),
            ("git", "gi", false),
            ("file,git", "git", true),
            ("*", "", true),
            ("g*t", "goat", true),
            ("g*t", "goats", false),
            ("*a*b", "xaxbxab", true),
            ("g?t", "git", true),
            ("g?t", "gt", false),
            ("*,!git", "git", false),
            ("!git,*", "file", true),
            ("!file", "git", false),
            ("", "git", false),
        ] {
            assert_eq!(list_matches(list, text), expected, "{list} on {text}");
        }
    }
}
