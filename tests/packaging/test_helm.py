"""The Helm chart: what it renders is what Kubernetes takes, and what the command line takes."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator.commands import explore, play, run
from emulator.scenario.loader import loads
from emulator.scenario.sharing import shares

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "charger-emulator"
TEMPLATES = sorted((CHART / "templates").iterdir())
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
CHECKER = Path(__file__).with_name("kubernetes")
VARIANTS = {
    "as it is": "",
    "everything": "replicas=3,boxes.count=5,job.enabled=true,metrics.serviceMonitor.enabled=true,"
    "control.tokenSecret=secret,control.allowedHosts={fleet.example},args={--speed,60},podLabels.team=energy,"
    "podAnnotations.note=hello,imagePullSecrets[0].name=pull,nodeSelector.disk=ssd",
    "play": "job.enabled=true,job.command=play,job.args={--matrix=firmware=all},job.reports.claimName=reports,"
    "existingConfigMap=nights,scenarioFile=night.yaml,metrics.annotations=false",
}


# --- without any tool ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_names_values_and_helpers_that_are_there(template: Path) -> None:
    text = template.read_text()
    for path in re.findall(r"\.Values\.([\w.]+)", text):
        found: Any = VALUES
        for part in path.split("."):
            assert part in found, path
            found = found[part]
    defined = set(re.findall(r'define "([^"]+)"', (CHART / "templates" / "_helpers.tpl").read_text()))
    assert set(re.findall(r'include "([^"]+)"', text)) <= defined
    opened = len(re.findall(r"{{-? *(?:if|with|range|define)\b", text))
    assert opened == len(re.findall(r"{{-? *end\b", text))


@pytest.mark.parametrize(("template", "commands"), [("statefulset.yaml", (run,)), ("job.yaml", (play, explore))])
def test_options_in_a_template_are_those_of_its_command(template: str, commands: tuple[Any, ...]) -> None:
    known = {option for module in commands for parameter in module.command.params for option in parameter.opts}
    used = set(re.findall(r"--[a-z][a-z-]+", (CHART / "templates" / template).read_text()))
    assert "--shard" in used <= known


def test_every_pod_has_what_is_asked_of_pods() -> None:
    helpers = (CHART / "templates" / "_helpers.tpl").read_text()
    for line in ("runAsNonRoot: true", "readOnlyRootFilesystem: true", "allowPrivilegeEscalation: false"):
        assert line in helpers
    for name in ("statefulset.yaml", "job.yaml"):
        text = (CHART / "templates" / name).read_text()
        assert 'include "charger-emulator.podSecurity"' in text
        assert 'include "charger-emulator.security"' in text
        assert text.count("mountPath: /tmp") == 1  # nothing else can be written


def test_the_fleet_of_the_chart_is_split_as_its_services_say() -> None:
    parts = shares(loads(VALUES["scenario"]), VALUES["replicas"])
    for index in range(6):
        assert f"box{index + 1}" in {plan.name for plan in parts[index % VALUES["replicas"]].chargers}


# --- with helm -------------------------------------------------------------------------------------------------------


def rendered(values: str, *, fails: bool = False) -> str:
    helm = shutil.which("helm")
    if helm is None:
        pytest.skip("helm is not installed")
    command = [
        helm,
        "template",
        "night",
        str(CHART),
        "--kube-version",
        "1.31.0",
        *(["--set", values] if values else []),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode != 0) is fails, done.stderr
    return done.stderr if fails else done.stdout


def objects(values: str) -> dict[str, Mapping[str, Any]]:
    """What is rendered, by kind and name."""
    found = [item for item in yaml.safe_load_all(rendered(values)) if item]
    return {f"{item['kind']} {item['metadata']['name']}": item for item in found}


def pods(found: Mapping[str, Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for item in found.values():
        if item["kind"] in ("StatefulSet", "Job"):
            yield item["spec"]["template"]["spec"]


@pytest.mark.parametrize("values", VARIANTS.values(), ids=list(VARIANTS))
def test_pods_are_as_unprivileged_as_they_can_be(values: str) -> None:
    for pod in pods(objects(values)):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        (container,) = pod["containers"]
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def test_services_find_their_pods() -> None:
    found = objects(VARIANTS["everything"])
    fleet = found["StatefulSet night-charger-emulator"]
    labels = fleet["spec"]["template"]["metadata"]["labels"]
    assert labels["team"] == "energy"
    headless = found["Service night-charger-emulator"]["spec"]
    assert headless["clusterIP"] == "None"
    assert headless["selector"].items() <= labels.items()
    assert fleet["spec"]["selector"]["matchLabels"].items() <= labels.items()
    box = found["Service night-charger-emulator-box5"]["spec"]
    assert box["selector"]["statefulset.kubernetes.io/pod-name"] == "night-charger-emulator-1"
    assert box["ports"] == [{"name": "http", "port": 9005, "targetPort": 9005, "protocol": "TCP"}]
    (container,) = fleet["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["run", "/scenarios/fleet.yaml", "--shard=$(ORDINAL)/3", "--speed", "60"]
    hosts = next(item["value"] for item in container["env"] if item["name"] == "CHARGER_EMULATOR_ALLOWED_HOSTS")
    assert "night-charger-emulator.default.svc" in hosts.split()
    assert "fleet.example" in hosts.split()
    loads(found["ConfigMap night-charger-emulator"]["data"]["fleet.yaml"])


def test_a_job_shares_its_work_by_its_index() -> None:
    job = objects(VARIANTS["play"])["Job night-charger-emulator-play"]["spec"]
    assert job["completionMode"] == "Indexed"
    assert job["completions"] == job["parallelism"] == 4
    (container,) = job["template"]["spec"]["containers"]
    assert container["args"] == [
        "play",
        "/scenarios/night.yaml",
        "--shard=$(JOB_COMPLETION_INDEX)/4",
        "--report=/reports/$(JOB_COMPLETION_INDEX)",
        "--matrix=firmware=all",
    ]
    assert "found run, expected play or explore" in rendered("job.enabled=true,job.command=run", fails=True)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that decodes YAML strictly into Kubernetes' own API types."""
    go = shutil.which("go")
    if go is None or shutil.which("helm") is None:
        pytest.skip("helm and Go are not both installed")
    program = tmp_path_factory.mktemp("go") / "strict"
    built = subprocess.run(
        [go, "build", "-o", str(program), "."], cwd=CHECKER, capture_output=True, text=True, check=False
    )
    if built.returncode != 0:
        pytest.skip(f"Kubernetes' API types are not at hand: {built.stderr[:200]}")
    return program


@pytest.mark.parametrize("values", VARIANTS.values(), ids=list(VARIANTS))
def test_kubernetes_own_types_take_what_is_rendered(strict: Path, values: str) -> None:
    text = rendered(values)
    done = subprocess.run([strict], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    kinds = [item["kind"] for item in yaml.safe_load_all(text) if item]
    assert f"checked {sum(kind != 'ServiceMonitor' for kind in kinds)}\n" in done.stdout


@pytest.mark.parametrize(
    "manifest", sorted((CHART.parents[1] / "kubernetes").glob("*.yaml")), ids=lambda path: path.name
)
def test_the_plain_manifests_are_taken_as_well(strict: Path, manifest: Path) -> None:
    done = subprocess.run([strict], input=manifest.read_text(), capture_output=True, text=True, check=False)
    assert done.stdout == "checked 1\n"


def test_a_wrong_field_is_noticed(strict: Path) -> None:
    wrong = rendered("").replace("readOnlyRootFilesystem", "readOnlyRootFileSystems")
    done = subprocess.run([strict], input=wrong, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "readOnlyRootFileSystems" in done.stdout
