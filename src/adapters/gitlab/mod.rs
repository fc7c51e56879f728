//! GitLab's REST API, for one target's CI project.
