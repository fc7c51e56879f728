//! The project's own repository, as the rig's git servers serve it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::maintainer::GIT;
use crate::process::{command, run};
use crate::rig::Rig;

/// What the project holds at first. Its one job runs every check. JSON is YAML as well.
const FILES: [(&str, &str); 4] = [
    ("README", "A small project.\n"),
    (".gitlab-ci.yml", r#"{"checks": {"script": ["sh test.sh"]}}"#),
    ("test.sh", "set -e\nfor check in checks/*.sh; do sh -e \"$check\"; done\n"),
    ("checks/readme.sh", "grep -q project README\n"),
];

/// The project's repository.
pub(crate) struct Upstream {
    /// Its bare repository, served as `/upstream/project.git`.
    pub(crate) bare: PathBuf,
    home: PathBuf,
}

impl Upstream {
    /// Makes it, with one commit on `master`.
    pub(crate) fn new(rig: &Rig) -> Self {
        let home = rig.folder().join("home/upstream");
        let this = Self { bare: rig.repositories().join("upstream/project.git"), home };
        let tree = this.home.join("tree");
        fs::create_dir_all(&tree).expect("a new folder");
        for (name, content) in FILES {
            let file = tree.join(name);
            fs::create_dir_all(file.parent().expect("inside the tree")).expect("a folder");
            fs::write(file, content).expect("our tree");
        }
        run(this.git(&tree).args(["init", "--quiet", "--initial-branch=master"]));
        run(this.git(&tree).args(["add", "--all"]));
        run(this.git(&tree).args(["commit", "--quiet", "--message", "Begin"]));
        run(this.git(&tree).args(["clone", "--quiet", "--bare", "."]).arg(&this.bare));
        this
    }

    /// Moves `master` on by a commit of one file.
    pub(crate) fn commits(&self, file: &str, content: &str, subject: &str) {
        let tree = self.home.join("tree");
        fs::write(tree.join(file), content).expect("our tree");
        run(self.git(&tree).args(["add", "--all"]));
        run(self.git(&tree).args(["commit", "--quiet", "--message", subject]));
        run(self.git(&tree).args(["push", "--quiet"]).arg(&self.bare).arg("master"));
    }

    /// The commit that `master` is at.
    pub(crate) fn head(&self) -> String {
        run(self.git(&self.bare).args(["rev-parse", "master"])).trim().to_owned()
    }

    /// What `master` is at after somebody typed these commands in a clone.
    pub(crate) fn takes(&self, commands: &[String]) -> String {
        let clone = self.home.join("release");
        run(self.git(&self.home).args(["clone", "--quiet"]).arg(&self.bare).arg(&clone));
        for words in commands.iter().map(|line| line.split(' ').skip(1)) {
            run(self.git(&clone).args(words));
        }
        run(self.git(&clone).args(["rev-parse", "master"])).trim().to_owned()
    }

    fn git(&self, folder: &Path) -> Command {
        let mut git = command(GIT);
        git.current_dir(folder).env("HOME", &self.home).env("GIT_CONFIG_NOSYSTEM", "1").args([
            "-c",
            "user.name=Upstream",
            "-c",
            "user.email=upstream@example.test",
        ]);
        git
    }
}
