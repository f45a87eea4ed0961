//! A Procfile, read as Railpack reads it: line by line, `name: command`, the last of a name wins.

/// A process type and its command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    /// `web`.
    pub(super) name: String,
    /// What runs, as written.
    pub(super) command: String,
}

/// A parsed Procfile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Procfile {
    /// Every process, in order.
    pub(super) processes: Vec<Process>,
    /// Lines that are neither a process, a comment nor empty: the builder skips them without a word.
    pub(super) strange: Vec<String>,
}

impl Procfile {
    /// Parses. Every text is a Procfile; what is no process is listed as strange.
    pub(super) fn parse(text: &str) -> Self {
        let mut procfile = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match line.split_once(':').filter(|(name, _)| is_name(name)) {
                Some((name, command)) => {
                    procfile.processes.push(Process { name: name.to_owned(), command: command.trim().to_owned() });
                }
                None => procfile.strange.push(format!("line {number} is not `name: command`")),
            }
        }
        procfile
    }

    /// The commands of a process type, in order.
    pub(super) fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.processes.iter().filter(move |process| process.name == name).map(|process| process.command.as_str())
    }

    /// The command of `web` that counts: the last one that is not empty.
    pub(super) fn web(&self) -> Option<&str> {
        self.of("web").filter(|command| !command.is_empty()).last()
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn processes_comments_and_strange_lines_are_told_apart() {
        let procfile = Procfile::parse("# how to start\nweb: ./bin/server --x a:b\r\n\nworker : ./w\nrelease:\n");
        assert_eq!(procfile.web(), Some("./bin/server --x a:b"));
        assert_eq!(procfile.of("release").collect::<Vec<_>>(), [""]);
        assert_eq!(procfile.strange, ["line 4 is not `name: command`"]);
    }

    #[test]
    fn the_last_web_wins() {
        assert_eq!(Procfile::parse("web: a\nweb: b\n").web(), Some("b"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "(?s).{0,200}") {
            let procfile = Procfile::parse(&text);
            prop_assert!(procfile.processes.len() + procfile.strange.len() <= text.lines().count());
        }
    }
}
