//! The people of the project.

/// Somebody who commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Maintainer {
    /// The name, which may have letters beyond ASCII.
    pub(crate) name: &'static str,
    /// The mail address.
    pub(crate) address: &'static str,
}

/// The four who send pull requests, and (last) the release manager, who sends none.
pub(crate) const MAINTAINERS: [Maintainer; 5] = [
    Maintainer { name: "Alice Arden", address: "alice@maintainers.example" },
    Maintainer { name: "Bob Becker", address: "bob@maintainers.example" },
    Maintainer { name: "Carol Muñoz", address: "carol@maintainers.example" },
    Maintainer { name: "Dave Dubois", address: "dave@maintainers.example" },
    Maintainer { name: "Rita Release", address: "rita@maintainers.example" },
];
