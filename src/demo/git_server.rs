//! A web server with bare repositories that everybody may read, as maintainers publish their
//! trees. Nobody may push to it.

use std::io;
use std::path::Path;

use axum::Router;
use axum::extract::Request;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::git_http::GitHttp;

/// A running server; dropping it stops it.
pub struct GitServer {
    url: String,
    runtime: Option<Runtime>,
}

impl GitServer {
    /// Serves all bare repositories below a folder on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// The network.
    pub fn start(root: &Path) -> io::Result<Self> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let url = format!("http://{}", listener.local_addr()?);
        let git = GitHttp::read_only(root);
        let router = Router::new().fallback(move |request: Request| {
            let git = git.clone();
            async move {
                let path = request.uri().path().to_owned();
                git.serve(&path, request).await
            }
        });
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { url, runtime: Some(runtime) })
    }

    /// Its root; a repository `alice/x.git` below the folder is `{url}/alice/x.git`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
