"""Speaks to the stand-in GitLab with python-gitlab, a client that others wrote.

Arguments: the server's URL, a token, the project's path, a branch with a CI configuration that has
the jobs compile, unit and flaky (which fails and may).
"""

import sys
import time

import gitlab


def wait(project, pipeline_id):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        pipeline = project.pipelines.get(pipeline_id)
        if pipeline.status in ("success", "failed", "canceled", "skipped"):
            return pipeline
        time.sleep(0.05)
    raise AssertionError("the pipeline did not end")


def main(url, token, path, branch):
    server = gitlab.Gitlab(url, private_token=token, per_page=2)
    server.auth()
    assert server.user.username == "project_11_bot", server.user
    assert server.version()[0] == "18.5.1-ee"
    assert "api" in server.personal_access_tokens.get("self").scopes

    project = server.projects.get(path)
    assert project.path_with_namespace == path
    made = project.pipelines.create(
        {"ref": branch, "variables": [{"key": "DEPTH", "value": "2"}]}
    )
    assert made.source == "api" and made.ref == branch, made
    pipeline = wait(project, made.id)
    assert pipeline.status == "success", pipeline
    assert pipeline.detailed_status["group"] == "success-with-warnings", pipeline
    assert [v.key for v in pipeline.variables.list(get_all=True)] == ["DEPTH"]

    jobs = {job.name: job for job in pipeline.jobs.list(get_all=True)}
    assert sorted(jobs) == ["compile", "flaky", "unit"], jobs
    assert jobs["flaky"].failure_reason == "script_failure"
    assert b"hello" in project.jobs.get(jobs["unit"].id).trace()
    assert pipeline.bridges.list(get_all=True) == []

    lint = project.ci_lint.get(
        content_ref=branch, dry_run=True, dry_run_ref=branch, include_jobs=True
    )
    assert lint.valid and lint.errors == [], lint
    assert sorted(job["name"] for job in lint.jobs) == ["compile", "flaky", "unit"], lint
    assert "compile:" in lint.merged_yaml, lint

    pipeline.retry()
    again = wait(project, made.id)
    names = [job.name for job in again.jobs.list(include_retried=True, get_all=True)]
    assert names.count("flaky") == 2, names
    again.cancel()

    for _ in range(3):
        project.pipelines.create({"ref": branch})
    listed = project.pipelines.list(ref=branch, iterator=True)
    assert len({one.id for one in listed}) == 4

    try:
        project.pipelines.create({"ref": "no-such-branch"})
    except gitlab.exceptions.GitlabCreateError as error:
        assert error.response_code == 400 and "Reference not found" in str(error), error
    else:
        raise AssertionError("a missing branch was taken")

    try:
        gitlab.Gitlab(url, private_token="wrong").auth()
    except gitlab.exceptions.GitlabAuthenticationError:
        pass
    else:
        raise AssertionError("a wrong token was taken")


main(*sys.argv[1:])
