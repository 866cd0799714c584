//! What the program says about itself: completions, manual pages, licences.

#[cfg(unix)]
use std::process::{Command, Stdio};

use crate::program::{Output, relay, run};

/// Every command, and what `serve` alone has many of.
const COMMANDS: [&str; 5] = ["extract", "serve", "completions", "man", "licences"];
const OPTIONS: [&str; 3] = ["tls-cert", "max-sessions-per-address", "idle-timeout-secs"];
/// What `extract` alone has.
const OF_EXTRACT: [&str; 4] = ["graph", "face", "blendshapes", "num-hands"];

fn printed(arguments: &[&str]) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = run(relay().args(arguments), Vec::new());
    assert_eq!((status, stderr.as_str()), (0, ""), "{arguments:?}");
    String::from_utf8(stdout).unwrap()
}

#[test]
fn each_shell_gets_a_script_with_every_command_and_option() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = printed(&["completions", shell]);
        for name in COMMANDS.iter().chain(&OPTIONS).chain(&OF_EXTRACT) {
            assert!(script.contains(name), "{shell}: {name}");
        }
    }
    let unknown = run(relay().args(["completions", "cmd"]), Vec::new());
    assert_eq!(unknown.status, 2);
    assert!(unknown.stderr.contains("bash"), "{}", unknown.stderr);
}

/// What bash proposes for the last of these words.
#[cfg(unix)]
fn proposals(words: &str) -> String {
    let script = printed(&["completions", "bash"]);
    let (_, function) = script.split_once("complete -F ").unwrap();
    let function = function.split(' ').next().unwrap();
    let count = words.split(' ').count();
    let program = format!(
        "{script}\nCOMP_WORDS=({words}) COMP_CWORD={last}\n\
         {function} live-keypoints-relay \"${{COMP_WORDS[{last}]}}\" \"${{COMP_WORDS[{before}]}}\"\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        last = count - 1,
        before = count - 2,
    );
    let mut bash = Command::new("bash");
    let output = run(bash.arg("-s"), program.into_bytes());
    assert_eq!(output.status, 0, "{}", output.stderr);
    String::from_utf8(output.stdout).unwrap()
}

#[cfg(unix)]
#[test]
fn bash_completes_commands_options_and_values() {
    assert_eq!(proposals("live-keypoints-relay ext"), "extract\n");
    assert_eq!(
        proposals("live-keypoints-relay serve --tls-c"),
        "--tls-cert\n"
    );
    assert_eq!(
        proposals("live-keypoints-relay serve --quality "),
        "full\nlite\n"
    );
    assert_eq!(
        proposals("live-keypoints-relay extract --face "),
        "468\n478\n"
    );
}

#[test]
fn manual_pages_describe_the_program_and_its_commands() {
    let program = printed(&["man"]);
    assert!(program.contains(".TH live-keypoints-relay 1"), "{program}");
    assert!(program.contains(r"live\-keypoints\-relay\-serve(1)"));
    assert!(!program.contains(r"live\-keypoints\-relay\-help(1)"));

    let serve = printed(&["man", "serve"]);
    assert!(serve.contains(".TH live-keypoints-relay-serve 1"));
    for name in OPTIONS {
        let option = format!("\\-\\-{}", name.replace('-', "\\-"));
        assert!(serve.contains(&option), "{option}");
    }
    assert!(serve.contains("LIVE_KEYPOINTS_TLS_CERT"));
    assert!(serve.contains("Exit status"));

    let extract = printed(&["man", "extract"]);
    assert!(extract.contains(".TH live-keypoints-relay-extract 1"));
    for name in OF_EXTRACT {
        let option = format!("\\-\\-{}", name.replace('-', "\\-"));
        assert!(extract.contains(&option), "{option}");
    }
    assert_eq!(run(relay().args(["man", "nothing"]), Vec::new()).status, 2);
}

#[test]
fn licences_name_the_program_the_models_and_the_libraries() {
    let text = printed(&["licences"]);
    assert_eq!(text, printed(&["licenses"]));
    for needed in [
        "The MediaPipe Authors",
        "Apache License",
        "tokio ",
        "tract-onnx ",
        "rustls ",
        "ring ",
        "Permission is hereby granted",
    ] {
        assert!(text.contains(needed), "{needed}");
    }
}

#[test]
fn the_readme_names_every_command() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));
    let readme = readme.unwrap();
    for command in COMMANDS {
        let line = format!("live-keypoints-relay {command}");
        assert!(readme.contains(&line), "{line}");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_had_enough_is_no_failure() {
    let mut child = relay()
        .arg("licences")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty());
}
