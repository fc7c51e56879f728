//! A CA of the test's own, and programs that Debian packages bring.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program that a Debian package brings.
pub(crate) fn program(name: &str, package: &str) -> PathBuf {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':')
        .chain(["/usr/sbin", "/usr/bin"])
        .map(|folder| Path::new(folder).join(name))
        .find(|file| file.exists())
        .unwrap_or_else(|| panic!("no {name} here: apt-get install {package}"))
}

/// Writes `ca.pem`, and `certificate.pem` and `key.pem` of it for localhost.
pub(crate) fn certificates(folder: &Path) {
    fs::write(folder.join("san"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
        .unwrap();
    let new_key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout";
    for line in [
        format!("req -x509 {new_key} ca.key -out ca.pem -days 30 -subj /CN=test-ca"),
        format!("req {new_key} key.pem -out request.pem -subj /CN=localhost"),
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile san \
         -out certificate.pem"
            .to_owned(),
    ] {
        let output = Command::new(program("openssl", "openssl"))
            .args(line.split_whitespace())
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
