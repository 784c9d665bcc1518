//! What runs on pull requests and before commits: the action's own script on real repositories, and what its YAML promises.

#![expect(clippy::disallowed_methods, reason = "tests read what a runner would write")]

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::command::said;
use crate::support::git::Repository;
use crate::support::running::write_all;
use crate::support::skip;

const ZONE: &str = "$TTL 300\n@ SOA ns host 1 7200 1800 1209600 60\n@ NS ns\n@ NS ns2\nns A 192.0.2.53\nns2 A 192.0.2.54\nwww A 192.0.2.1\n";
const TEST: &str = "[[test]]\nname = \"www.example.org\"\nexpect = [\"192.0.2.1\"]\n";
/// Rules that a zone of documentation addresses on one network trips.
const CONFIG: &str = "[lint]\ndocumentation-address = \"off\"\nns-on-one-network = \"off\"\ncaa-missing = \"off\"\n";

fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text(path: &str) -> String {
    std::fs::read_to_string(file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A checkout as a runner has it: the branch `main` of an origin, and a branch of changes on top.
struct Runner {
    directory: tempfile::TempDir,
    work: Repository,
}

/// What a step did: its exit code, its log, the job summary and its outputs.
struct Step {
    code: i32,
    log: String,
    summary: String,
    outputs: String,
}

impl Runner {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let work = Repository::init(&directory.path().join("work"), &[]);
        work.commit(
            "zones",
            &[("zones/example.org.zone", ZONE), ("zones/tests/a.toml", TEST), ("zonewright.toml", CONFIG)],
        );
        // What actions/checkout leaves of the origin with `fetch-depth: 0`.
        work.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
        work.git(&["checkout", "-q", "-b", "change"]);
        Self { directory, work }
    }

    fn change(&self, zone: &str) {
        self.work.commit("a change", &[("zones/example.org.zone", zone)]);
    }

    /// A step of a pull request to `main`.
    fn step(&self, name: &str) -> Step {
        self.step_with(name, &[("GITHUB_BASE_REF", "main")])
    }

    fn step_with(&self, name: &str, environment: &[(&str, &str)]) -> Step {
        let [summary, outputs] = ["summary.md", "outputs"].map(|name| self.directory.path().join(name));
        for file in [&summary, &outputs] {
            std::fs::write(file, "").unwrap();
        }
        let mut command = Command::new(file(".github/actions/zone-check/zone-check.sh"));
        command.arg(name).current_dir(&self.work.place);
        for variable in ["GITHUB_BASE_REF", "RUST_BACKTRACE", "ZONE_CHECK_BASE", "ZONE_CHECK_CONFIG"] {
            command.env_remove(variable);
        }
        command.env("ZONE_CHECK_BINARY", env!("CARGO_BIN_EXE_zonewright"));
        command.env("GITHUB_STEP_SUMMARY", &summary).env("GITHUB_OUTPUT", &outputs).env("GITHUB_ACTIONS", "true");
        let (code, stdout, stderr) = said(command.envs(environment.iter().copied()).output().unwrap());
        let read = |path: &Path| std::fs::read_to_string(path).unwrap();
        Step { code, log: stdout + &stderr, summary: read(&summary), outputs: read(&outputs) }
    }
}

#[test]
fn a_good_change_passes_and_shows_what_it_does() {
    let runner = Runner::new();
    runner.change(&(ZONE.replace(" 1 7200", " 2 7200") + "new A 192.0.2.9\n"));
    let check = runner.step("check");
    assert_eq!(check.code, 0, "{}", check.log);
    assert!(!check.log.contains("::error"), "{}", check.log);
    assert!(check.summary.starts_with("### zonewright check: no findings in 1 zone"), "{}", check.summary);
    let test = runner.step("test");
    assert_eq!(test.code, 0, "{}", test.log);
    assert_eq!(test.summary, "### zonewright test: 1 test, none failed\n");
    let diff = runner.step("diff");
    assert_eq!(diff.code, 0, "{}", diff.log);
    assert!(diff.summary.contains("new.example.org.") && diff.summary.contains("```diff"), "{}", diff.summary);
}

#[test]
fn a_bad_change_fails_at_its_line() {
    let runner = Runner::new();
    runner.change(&(ZONE.replace(" 1 7200", " 2 7200").replace("192.0.2.1\n", "192.0.2.2\n") + "bad A 192.0.2.333\n"));
    let check = runner.step("check");
    assert_eq!(check.code, 1, "{}", check.log);
    let annotation = "::error file=zones/example.org.zone,line=8,endLine=8,col=7,";
    assert!(check.log.lines().any(|line| line.starts_with(annotation)), "{}", check.log);
    assert!(check.summary.contains("| zones/example.org.zone:8"), "{}", check.summary);
    // The zone loads again, and breaks its promise.
    runner.change(&ZONE.replace(" 1 7200", " 2 7200").replace("192.0.2.1\n", "192.0.2.2\n"));
    let test = runner.step("test");
    assert_eq!(test.code, 1, "{}", test.log);
    assert!(test.log.starts_with("::error file=zones/tests/a.toml,line=3,"), "{}", test.log);
    assert!(test.summary.starts_with("### zonewright test: 1 test, 1 failed\n"), "{}", test.summary);
    let diff = runner.step("diff");
    assert_eq!(diff.code, 0, "{}", diff.log);
    assert!(diff.summary.contains("192.0.2.2"), "{}", diff.summary);
}

#[test]
fn what_the_base_had_is_not_the_changes() {
    let runner = Runner::new();
    let bad = ZONE.to_owned() + "bad A 192.0.2.333\n";
    runner.change(&bad);
    runner.work.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    runner.work.commit("another file", &[("notes", "x")]);
    let check = runner.step("check");
    assert!(check.code == 0 && check.summary.contains("that was there before is not shown"), "{}", check.log);
    // Without a pull request, and where a push made the branch, all is judged and nothing compared.
    for base in ["", "0000000000000000000000000000000000000000"] {
        let check = runner.step_with("check", &[("ZONE_CHECK_BASE", base)]);
        assert!(check.code == 1 && check.log.contains("::error file="), "{}", check.log);
        let diff = runner.step_with("diff", &[("ZONE_CHECK_BASE", base)]);
        assert_eq!((diff.code, diff.summary.as_str()), (0, ""), "{}", diff.log);
    }
    // A base of one's own goes before the pull request's.
    let first = runner.work.git(&["rev-parse", "HEAD~2"]);
    let check = runner.step_with("check", &[("ZONE_CHECK_BASE", &first), ("GITHUB_BASE_REF", "main")]);
    assert_eq!(check.code, 1, "{}", check.log);
}

#[test]
fn inputs_are_options_and_never_code() {
    let runner = Runner::new();
    runner.change(&(ZONE.replace(" 1 7200", " 2 7200") + "www 600 A 192.0.2.2\n"));
    let check = runner.step("check");
    assert_eq!(check.code, 0, "{}", check.log);
    let denied = [("GITHUB_BASE_REF", "main"), ("ZONE_CHECK_DENY_WARNINGS", "true")];
    let check = runner.step_with("check", &denied);
    assert!(check.code == 1 && check.log.contains("::warning file="), "{}", check.log);
    let elsewhere = [("ZONE_CHECK_CONFIG", "nowhere.toml")];
    for step in ["check", "test"] {
        let step = runner.step_with(step, &elsewhere);
        assert!(step.code == 2 && step.log.contains("could not run (exit code 2): the log says why"), "{}", step.log);
    }
    let marker = runner.directory.path().join("marker");
    let evil = format!("$(touch {0})`touch {0}`; touch {0} #\n::error::forged", marker.display());
    for variable in ["ZONE_CHECK_BASE", "GITHUB_BASE_REF", "ZONE_CHECK_CONFIG", "ZONE_CHECK_DENY_WARNINGS"] {
        for step in ["check", "test", "diff"] {
            let step = runner.step_with(step, &[("GITHUB_BASE_REF", "main"), (variable, &evil)]);
            assert!(!marker.exists(), "{variable} was run");
            assert!(!step.log.lines().any(|line| line.starts_with("::error::forged")), "{variable}: {}", step.log);
        }
        let check = runner.step_with("check", &[(variable, &evil)]);
        assert!(check.code == 2 && check.log.contains("::error title=zone-check::"), "{variable}: {}", check.log);
    }
    let option = runner.step_with("check", &[("ZONE_CHECK_BASE", "--help")]);
    assert!(option.code == 2 && option.log.contains("fetch-depth: 0"), "{}", option.log);
    assert_eq!(runner.step("nonsense").code, 2);
}

#[test]
fn the_binary_is_kept_by_a_hash_of_what_it_is_built_from() {
    let runner = Runner::new();
    let [one, two] = [(); 2].map(|()| runner.step("key").outputs);
    let key = one.strip_prefix("key=").expect("a key").trim_end();
    assert!(one == two && key.len() == 40 && key.bytes().all(|octet| octet.is_ascii_hexdigit()), "{one}");
    // A copy of the action beside other sources has another key, and one beside the same the same.
    let copy = runner.directory.path().join("copy");
    let script = text(".github/actions/zone-check/zone-check.sh");
    let place = copy.join(".github/actions/zone-check/zone-check.sh");
    write_all(&copy, &[(".github/actions/zone-check/zone-check.sh", &script), ("Cargo.toml", ""), ("Cargo.lock", "")]);
    let key_of = |source: &str| {
        write_all(&copy, &[("src/main.rs", source)]);
        let outputs = copy.join("outputs");
        std::fs::write(&outputs, "").unwrap();
        let status = Command::new("bash").arg(&place).arg("key").env("GITHUB_OUTPUT", &outputs).status().unwrap();
        assert!(status.success());
        std::fs::read_to_string(outputs).unwrap()
    };
    let (a, b) = (key_of("a"), key_of("b"));
    assert!(a != b && a == key_of("a") && a != one, "{a}{b}");
    let build = runner.step("build");
    assert!(build.code == 0 && build.outputs == "ready=true\n" && build.log.contains("zonewright "), "{}", build.log);
    let broken = runner.step_with("build", &[("ZONE_CHECK_BINARY", "/bin/false")]);
    assert!(broken.code == 2 && broken.outputs.is_empty(), "{}", broken.log);
}

/// The YAML, line by line: it is written plainly enough for that.
#[test]
fn the_workflow_is_safe_for_forks() {
    let (action, workflow) = (text(".github/actions/zone-check/action.yml"), text(".github/workflows/zones.yml"));
    for (name, yaml) in [("action", &action), ("workflow", &workflow)] {
        let code: Vec<&str> = yaml.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
        for line in &code {
            let bare = line.trim_start().trim_start_matches("- ");
            assert!(!line.contains("secrets") && !line.contains("pull_request_target"), "{name}: {line}");
            assert!(!line.contains("github.event") && !line.contains("github.head_ref"), "{name}: {line}");
            assert!(!bare.starts_with("run: |") && !bare.starts_with("run: >"), "{name}: shell belongs in the script");
            assert!(!bare.starts_with("run:") || !line.contains("${{"), "{name}: {line}");
            if let Some(used) = bare.strip_prefix("uses: ").filter(|used| !used.starts_with("./")) {
                let (used, version) = used.split_once(" # v").expect("a version beside the commit");
                let commit = used.split_once('@').expect("a commit").1;
                assert!(commit.len() == 40 && commit.bytes().all(|octet| octet.is_ascii_hexdigit()), "{used}");
                assert_eq!(version.split('.').filter(|part| part.parse::<u32>().is_ok()).count(), 3, "{version}");
            }
        }
    }
    for line in ["  pull_request:", "permissions:\n  contents: read\n", "fetch-depth: 0", "persist-credentials: false"]
    {
        assert!(workflow.contains(line), "{line}");
    }
    assert_eq!(workflow.matches("permissions:").count(), 1);
    // Every input reaches the script, and what reaches it is read.
    let script = text(".github/actions/zone-check/zone-check.sh");
    let inputs = action
        .split("\nruns:")
        .next()
        .unwrap()
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    for input in inputs.map(|line| line.trim().trim_end_matches(':')) {
        let variable = format!("ZONE_CHECK_{}", input.to_uppercase().replace('-', "_"));
        assert!(action.contains(&format!("{variable}: ${{{{ inputs.{input} }}}}\n")), "{input}");
        assert!(script.contains(&format!("${{{variable}:-")), "{variable}");
    }
}

/// Python's parser, where it is installed: what it makes of the files is what the lines above say.
#[test]
fn the_yaml_is_yaml() {
    let parse = |path: &str| {
        let code = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";
        let output = Command::new("python3").args(["-c", code]).arg(file(path)).output();
        match output {
            Ok(output) if output.status.success() => Some(serde_json::from_slice(&output.stdout).unwrap()),
            Ok(output) if !String::from_utf8_lossy(&output.stderr).contains("ModuleNotFoundError") => {
                panic!("{path}: {}", String::from_utf8_lossy(&output.stderr))
            }
            _ => None::<serde_json::Value>,
        }
    };
    let Some(action) = parse(".github/actions/zone-check/action.yml") else {
        return skip("yaml", "there is no python3 with yaml");
    };
    assert_eq!(action["runs"]["using"], "composite");
    let steps = action["runs"]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 6);
    for step in steps {
        assert!(step["uses"].is_string() != (step["run"].is_string() && step["shell"] == "bash"), "{step}");
    }
    let workflow = parse(".github/workflows/zones.yml").unwrap();
    // YAML 1.1 reads the key `on` as true.
    assert!(workflow["true"].as_object().unwrap().contains_key("pull_request"), "{workflow}");
    assert_eq!(workflow["permissions"], serde_json::json!({ "contents": "read" }));
    let steps = workflow["jobs"]["check"]["steps"].as_array().unwrap();
    assert_eq!(steps[0]["with"]["fetch-depth"], 0);
    assert_eq!(steps[1]["uses"], "./.github/actions/zone-check");
    assert_eq!(parse(".pre-commit-hooks.yaml").unwrap().as_array().unwrap().len(), 2);
}

/// A hook of `.pre-commit-hooks.yaml`: its entry, its pattern, and whether it is given the names of files.
fn hook(id: &str) -> (Vec<String>, String, bool) {
    let yaml = text(".pre-commit-hooks.yaml");
    let block = yaml.split("- id: ").find(|block| block.starts_with(&format!("{id}\n"))).expect("the hook");
    let value = |key: &str| block.lines().find_map(|line| line.trim().strip_prefix(key)).map(str::trim);
    assert_eq!(value("language:"), Some("system"), "{id}");
    let entry = value("entry:").expect("an entry").split(' ').map(str::to_owned).collect();
    (entry, value("files:").expect("a pattern").to_owned(), value("pass_filenames:") != Some("false"))
}

/// Runs a hook as pre-commit does: at the top, on the files of the commit that its pattern finds.
fn run_hook(runner: &Runner, id: &str, staged: &[&str]) -> (i32, String) {
    let (entry, pattern, is_given_files) = hook(id);
    let grep = format!("printf '%s\\n' \"$@\" | grep -E -- '{pattern}'");
    let found = Command::new("bash").args(["-c", &grep, "bash"]).args(staged).output().unwrap();
    let found = String::from_utf8(found.stdout).unwrap();
    assert_eq!(entry[0], "zonewright", "{id}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_zonewright"));
    command.args(&entry[1..]).current_dir(&runner.work.place);
    if is_given_files {
        command.args(found.lines());
    }
    let (code, stdout, stderr) = said(command.output().unwrap());
    (code, stdout + &stderr)
}

#[test]
fn hooks_run_as_pre_commit_calls_them() {
    let runner = Runner::new();
    let staged = ["zones/example.org.zone", "zones/parts/a.inc", "README.md"];
    let untidy = "x\tA   192.0.2.8\n";
    write_all(&runner.work.place, &[("zones/parts/a.inc", untidy), ("README.md", untidy)]);
    let read = |path: &str| std::fs::read_to_string(runner.work.place.join(path)).unwrap();
    // pre-commit fails a hook that changes files, and shows what it says.
    let (code, told) = run_hook(&runner, "zonewright-fmt", &staged);
    assert_eq!(code, 0, "{told}");
    assert_ne!(read("zones/parts/a.inc"), untidy);
    assert_eq!(read("README.md"), untidy);
    let tidy = [read("zones/example.org.zone"), read("zones/parts/a.inc")];
    run_hook(&runner, "zonewright-fmt", &staged);
    assert_eq!(tidy, [read("zones/example.org.zone"), read("zones/parts/a.inc")]);
    let (code, told) = run_hook(&runner, "zonewright-check", &staged);
    assert_eq!(code, 0, "{told}");
    write_all(&runner.work.place, &[("zones/example.org.zone", &(ZONE.to_owned() + "bad A 192.0.2.333\n"))]);
    assert_eq!(run_hook(&runner, "zonewright-check", &staged).0, 1);
    assert_eq!(run_hook(&runner, "zonewright-fmt", &staged).0, 1);
}
