//! The help of every command as a file of its own in `tests/help`; `POSTFLIGHT_UPDATE=1` writes them anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clap::CommandFactory as _;
use console::cli::Cli;

/// Name and long help of every command, the hidden ones left out.
fn helps() -> Vec<(String, String)> {
    let mut root = Cli::command().term_width(100);
    root.build();
    let mut all = vec![("console".to_owned(), root.render_long_help().to_string())];
    for command in root.get_subcommands_mut().filter(|command| !command.is_hide_set() && command.get_name() != "help") {
        let name = format!("console-{}", command.get_name());
        all.push((name, command.render_long_help().to_string()));
    }
    all
}

#[test]
fn the_help_of_every_command_is_the_one_in_its_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help");
    if std::env::var_os("POSTFLIGHT_UPDATE").is_some() {
        fs::create_dir_all(&folder).expect("the folder");
        for (name, text) in helps() {
            fs::write(folder.join(format!("{name}.txt")), text).expect("the file");
        }
    }
    let known: BTreeSet<_> = helps().into_iter().map(|(name, _)| format!("{name}.txt")).collect();
    let files =
        fs::read_dir(&folder).expect("tests/help").map(|file| file.expect("a file").file_name().to_string_lossy().into_owned());
    assert_eq!(files.collect::<BTreeSet<_>>(), known);
    for (name, text) in helps() {
        let file = fs::read_to_string(folder.join(format!("{name}.txt"))).expect("the file");
        assert_eq!(file, text, "{name}.txt is stale; POSTFLIGHT_UPDATE=1 writes it anew");
    }
}

#[test]
fn every_option_says_what_it_is_for() {
    let mut root = Cli::command();
    root.build();
    for command in root.get_subcommands().filter(|command| command.get_name() != "help") {
        assert!(command.get_about().is_some(), "{}", command.get_name());
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
        }
    }
}
