//! Which addresses of pages may stand in a letter: those of the GitLab that is configured. Whoever
//! posts a status chooses its address, and a letter leads people there.

use url::Url;

/// An address if it lies under the root of a GitLab, else nothing.
pub(super) fn own(root: &Url, address: &str) -> String {
    let inside = |url: &Url| {
        let path = url.path().strip_prefix(root.path().trim_end_matches('/'));
        url.origin() == root.origin()
            && url.username().is_empty()
            && url.password().is_none()
            && path.is_some_and(|path| path.starts_with('/'))
    };
    Url::parse(address).ok().filter(inside).map(String::from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_this_gitlab_are_links() {
        let root = Url::parse("https://ci.example/gitlab/").unwrap();
        let page = "https://ci.example/gitlab/demo/project/-/jobs/1";
        assert_eq!(own(&root, page), page);
        assert_eq!(own(&root, "https://ci.example:443/gitlab/x"), "https://ci.example/gitlab/x");
        for foreign in [
            "https://evil.example/gitlab/x",
            "https://ci.example.evil.example/gitlab/x",
            "https://ci.example@evil.example/gitlab/x",
            "https://user@ci.example/gitlab/x",
            "https://:x@ci.example/gitlab/x",
            "https://ci.example/other/x",
            "https://ci.example/gitlabx",
            "https://ci.example/gitlab/../other",
            "http://ci.example/gitlab/x",
            "https://ci.example:8443/gitlab/x",
            "javascript:alert(1)//https://ci.example/gitlab/x",
            "data:text/html,x",
            "//ci.example/gitlab/x",
            "/gitlab/x",
            "",
        ] {
            assert_eq!(own(&root, foreign), "", "{foreign}");
        }
    }
}
