//! Git as people publish it: smart HTTP and HTTPS by nginx, fcgiwrap and `git http-backend`, and
//! `git daemon`. All serve the same folder of bare repositories.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::authority::Authority;
use crate::process::Server;

const HTTP_PORT: u16 = 10080;
const HTTPS_PORT: u16 = 10443;
const GIT_PORT: u16 = 10418;

/// fcgiwrap serves one request at a time, and with several processes it leaves them behind when
/// it is stopped: so several of it.
const BACKENDS: [&str; 3] = ["fcgi-1", "fcgi-2", "fcgi-3"];

/// The running servers and where they listen.
pub(crate) struct GitServers {
    /// Where bare repositories lie: `{folder}/alice/project.git` is `/alice/project.git`.
    pub(crate) folder: PathBuf,
    /// Plain HTTP.
    pub(crate) http: SocketAddr,
    /// HTTPS.
    pub(crate) https: SocketAddr,
    /// The git protocol.
    pub(crate) git: SocketAddr,
    nginx: Server,
    daemon: Server,
    backends: Vec<(Server, PathBuf)>,
}

impl GitServers {
    /// Starts them over an empty folder.
    pub(crate) fn start(root: &Path, ip: IpAddr, authority: &Authority) -> Self {
        let folder = root.join("git");
        let log = root.join("log");
        fs::create_dir(&folder).expect("a new folder");
        fs::create_dir(root.join("nginx")).expect("a new folder");
        let file = root.join("nginx/nginx.conf");
        fs::write(&file, configuration(root, ip, authority)).expect("a new file");
        let backends = BACKENDS.map(|name| {
            let socket = root.join("run").join(name);
            let url = format!("unix:{}", socket.display());
            (Server::start(name, "/usr/sbin/fcgiwrap", &[&"-f", &"-s", &url], &log), socket)
        });
        Self {
            http: SocketAddr::new(ip, HTTP_PORT),
            https: SocketAddr::new(ip, HTTPS_PORT),
            git: SocketAddr::new(ip, GIT_PORT),
            nginx: Server::start(
                "nginx",
                "/usr/sbin/nginx",
                &[&"-c", &file, &"-e", &log.join("nginx.log")],
                &log,
            ),
            daemon: Server::start(
                "git-daemon",
                "/usr/lib/git-core/git-daemon",
                &[
                    &"--export-all",
                    &"--reuseaddr",
                    &format!("--listen={ip}"),
                    &format!("--port={GIT_PORT}"),
                    &format!("--base-path={}", folder.display()),
                    &folder,
                ],
                &log,
            ),
            folder,
            backends: backends.into(),
        }
    }

    /// Waits until all take connections.
    pub(crate) fn wait(&mut self) {
        for (backend, socket) in &mut self.backends {
            backend.wait_for_file(socket);
        }
        self.nginx.wait_for_port(self.https);
        self.daemon.wait_for_port(self.git);
    }
}

fn configuration(root: &Path, ip: IpAddr, authority: &Authority) -> String {
    let root = root.display();
    let certificate = authority.server_certificate.display();
    let key = authority.server_key.display();
    let backends =
        BACKENDS.map(|name| format!("server unix:{root}/run/{name};")).join("\n        ");
    format!(
        "daemon off;
user root;
worker_processes 1;
pid {root}/run/nginx.pid;
error_log {root}/log/nginx.log;
events {{}}
http {{
    access_log {root}/log/nginx-access.log;
    client_body_temp_path {root}/nginx/body;
    fastcgi_temp_path {root}/nginx/fastcgi;
    proxy_temp_path {root}/nginx/proxy;
    uwsgi_temp_path {root}/nginx/uwsgi;
    scgi_temp_path {root}/nginx/scgi;
    client_max_body_size 0;
    upstream backends {{
        least_conn;
        {backends}
    }}
    server {{
        listen {ip}:{HTTP_PORT};
        listen {ip}:{HTTPS_PORT} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        location / {{
            fastcgi_pass backends;
            fastcgi_param GIT_PROJECT_ROOT {root}/git;
            fastcgi_param GIT_HTTP_EXPORT_ALL 1;
            fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
            fastcgi_param PATH_INFO $uri;
            fastcgi_param QUERY_STRING $query_string;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param CONTENT_TYPE $content_type;
            fastcgi_param CONTENT_LENGTH $content_length;
            fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
            fastcgi_param GIT_PROTOCOL $http_git_protocol;
            fastcgi_param REMOTE_ADDR $remote_addr;
            fastcgi_param SERVER_PROTOCOL $server_protocol;
        }}
    }}
}}
"
    )
}
