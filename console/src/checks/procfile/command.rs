//! A start command: what it runs, on which port and host it will listen.

/// A command, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Command {
    /// Variables set in front of it.
    pub(super) variables: Vec<(String, String)>,
    /// The program as written.
    pub(super) program: String,
    /// Its arguments.
    pub(super) arguments: Vec<String>,
    /// The directory that the chain changed into before (`cd backend && ...`); empty for the root of the repository.
    pub(super) directory: String,
}

impl Command {
    /// Takes apart the last command of a chain (`migrate && serve`), without `exec` and a shell around it.
    pub(super) fn parse(text: &str) -> Self {
        let chain = ["&&", ";", "||"].iter().fold(text, |rest, joint| rest.rsplit(joint).next().unwrap_or(rest));
        let mut words = split(if chain.contains(['"', '\'']) { text } else { chain });
        if let [shell, flag, script] = words.as_slice()
            && matches!(shell.rsplit('/').next(), Some("sh" | "bash" | "dash"))
            && flag.starts_with('-')
            && flag.ends_with('c')
        {
            let inner = Self::parse(script);
            return if inner.directory.is_empty() { Self { directory: changed_into(text), ..inner } } else { inner };
        }
        let mut command = Self { directory: changed_into(text), ..Self::default() };
        words.reverse();
        while let Some(word) = words.pop() {
            match word.split_once('=').filter(|(name, _)| is_variable(name)) {
                Some((name, value)) => command.variables.push((name.to_owned(), value.to_owned())),
                None if matches!(word.as_str(), "exec" | "env") => {}
                None => {
                    command.program = word;
                    break;
                }
            }
        }
        words.reverse();
        command.arguments = words;
        command.without_runner()
    }

    /// `poetry run uvicorn x` is `uvicorn x`; so with `uv run`, `pipenv run`, `npx`, `pnpm exec`, `python -m uvicorn`.
    fn without_runner(mut self) -> Self {
        let first = self.arguments.first().map_or("", String::as_str);
        let skip = match (self.name(), first) {
            ("poetry" | "uv" | "pipenv" | "pdm" | "rye" | "hatch", "run") | ("pnpm" | "yarn" | "npm", "exec") => 1,
            ("npx" | "bunx" | "uvx" | "tini" | "dumb-init", _) => 0,
            (name, "-m")
                if name.starts_with("python") && self.arguments.get(1).is_some_and(|module| SERVERS.contains(&module.as_str())) =>
            {
                1
            }
            _ => return self,
        };
        let mut rest =
            self.arguments.split_off(skip.min(self.arguments.len())).into_iter().skip_while(|word| word.starts_with('-'));
        match rest.next() {
            Some(program) => Self { program, arguments: rest.collect(), ..self }.without_runner(),
            None => self,
        }
    }

    /// `path` as seen from the root of the repository.
    pub(super) fn within(&self, path: &str) -> String {
        if self.directory.is_empty() { path.to_owned() } else { format!("{}/{path}", self.directory) }
    }

    /// The program without its directory.
    pub(super) fn name(&self) -> &str {
        self.program.rsplit('/').next().unwrap_or_default()
    }

    /// The value of `--flag value` or `--flag=value` for any of `flags`.
    pub(super) fn option(&self, flags: &[&str]) -> Option<&str> {
        let joined = |word: &'_ String| flags.iter().any(|flag| word.strip_prefix(flag).is_some_and(|rest| rest.starts_with('=')));
        if let Some(word) = self.arguments.iter().find(|word| joined(word)) {
            return word.split_once('=').map(|(_, value)| value);
        }
        let at = self.arguments.iter().position(|word| flags.contains(&word.as_str()))?;
        self.arguments.get(at + 1).map(String::as_str)
    }

    /// Arguments that are no options; an option's value cannot be told from one.
    pub(super) fn plain(&self) -> impl Iterator<Item = &str> {
        self.arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-'))
    }
}

/// Where the parts of a chain before its last command change into: `cd backend && cd api && serve` is `backend/api`.
fn changed_into(text: &str) -> String {
    let parts = text.split("&&").flat_map(|part| part.split(';'));
    let named = parts.filter_map(|part| part.trim().strip_prefix("cd "));
    let clean = named.map(|path| path.trim().trim_matches(['"', '\'']).trim_start_matches("./").trim_matches('/').to_owned());
    clean.filter(|path| !path.is_empty() && path != ".").collect::<Vec<_>>().join("/")
}

/// Servers that Python runs as modules.
const SERVERS: &[&str] = &["uvicorn", "gunicorn", "hypercorn", "daphne", "flask", "fastapi", "waitress"];

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Words as a shell splits them, quotes removed; variables stay as written.
fn split(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in text.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// How a command will listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Listening {
    /// On the platform's PORT, by the command line.
    OnPort(&'static str),
    /// As the program's own code decides.
    ByProgram,
    /// On a port or host that the platform does not route to, with the reason.
    Elsewhere(String),
}

/// Where a command listens when it does not say: port, host, and whether `PORT` is taken without a flag.
struct Server {
    name: &'static str,
    port: &'static [&'static str],
    host: &'static [&'static str],
    /// What happens without a port flag; `None` where the server reads PORT itself.
    otherwise: Option<&'static str>,
    /// Whether it listens on loopback unless told.
    loopback: bool,
}

const KNOWN: &[Server] = &[
    Server {
        name: "uvicorn",
        port: &["--port"],
        host: &["--host"],
        otherwise: Some("uvicorn listens on 8000 unless told --port $PORT"),
        loopback: true,
    },
    Server { name: "gunicorn", port: &["--bind", "-b"], host: &[], otherwise: None, loopback: false },
    Server {
        name: "hypercorn",
        port: &["--bind", "-b"],
        host: &[],
        otherwise: Some("hypercorn listens on 127.0.0.1:8000 unless told --bind"),
        loopback: false,
    },
    Server {
        name: "daphne",
        port: &["-p", "--port"],
        host: &["-b", "--bind"],
        otherwise: Some("daphne listens on 8000 unless told -p $PORT"),
        loopback: true,
    },
    Server {
        name: "flask",
        port: &["--port", "-p"],
        host: &["--host", "-h"],
        otherwise: Some("flask run listens on 5000 unless told --port $PORT"),
        loopback: true,
    },
    Server { name: "fastapi", port: &["--port"], host: &["--host"], otherwise: None, loopback: false },
    Server { name: "next", port: &["--port", "-p"], host: &["--hostname", "-H"], otherwise: None, loopback: false },
    Server {
        name: "vite",
        port: &["--port"],
        host: &["--host"],
        otherwise: Some("vite listens on a port of its own unless told --port $PORT"),
        loopback: true,
    },
];

/// Where this command listens, as far as its words tell.
pub(super) fn listening(command: &Command) -> Listening {
    if let Some((_, port)) = command.variables.iter().find(|(name, _)| name == "PORT") {
        return Listening::Elsewhere(format!("it overrides PORT with {port}"));
    }
    let known = KNOWN.iter().find(|server| server.name == command.name());
    let (ports, hosts) =
        known.map_or((&["--port", "--bind", "--listen", "--addr"][..], &["--host", "--address"][..]), |s| (s.port, s.host));
    let port = command.option(ports);
    let host = command.option(hosts);
    let closed = |host: &str| ["127.0.0.1", "localhost", "[::1]", "::1"].iter().any(|local| host.starts_with(local));
    if let Some(host) = host.or(port).filter(|host| closed(host)) {
        return Listening::Elsewhere(format!("it listens on {host}, which nothing outside the container reaches"));
    }
    match (port, known) {
        (Some(port), _) if !port.contains("$PORT") && !port.contains("${PORT") => {
            Listening::Elsewhere(format!("the port is fixed: {port}"))
        }
        (None, Some(Server { otherwise: Some(words), .. })) => Listening::Elsewhere((*words).to_owned()),
        (_, Some(server)) if server.loopback && host.is_none() => {
            Listening::Elsewhere(format!("{} listens on 127.0.0.1 unless told otherwise", server.name))
        }
        (Some(_), _) => Listening::OnPort("the command line passes $PORT"),
        (None, Some(_)) => Listening::OnPort("the server reads PORT itself"),
        (None, None) => Listening::ByProgram,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("./bin/server", "./bin/server", &[])]
    #[case::assigned("RUST_LOG=info exec ./bin/server -v", "./bin/server", &["-v"])]
    #[case::chained("alembic upgrade head && uvicorn app.main:app", "uvicorn", &["app.main:app"])]
    #[case::in_a_shell("sh -c 'exec ./bin/server --port $PORT'", "./bin/server", &["--port", "$PORT"])]
    #[case::poetry("poetry run uvicorn app:app", "uvicorn", &["app:app"])]
    #[case::module("python -m uvicorn app:app", "uvicorn", &["app:app"])]
    #[case::own_module("python -m app", "python", &["-m", "app"])]
    #[case::quoted("node \"a file.js\"", "node", &["a file.js"])]
    #[case::empty("", "", &[])]
    fn commands_are_taken_apart(#[case] text: &str, #[case] program: &str, #[case] arguments: &[&str]) {
        let command = Command::parse(text);
        assert_eq!(
            (command.program.as_str(), command.arguments.iter().map(String::as_str).collect::<Vec<_>>()),
            (program, arguments.to_vec())
        );
    }

    #[rstest]
    #[case::root("uvicorn main:app", "main.py")]
    #[case::backend("cd backend && uvicorn main:app", "backend/main.py")]
    #[case::twice("cd ./apps/; cd api && exec uvicorn main:app", "apps/api/main.py")]
    #[case::in_a_shell("bash -c 'cd backend && uvicorn main:app'", "backend/main.py")]
    fn a_chain_that_changes_the_directory_is_followed(#[case] text: &str, #[case] path: &str) {
        assert_eq!(Command::parse(text).within("main.py"), path);
    }

    #[rstest]
    #[case::uvicorn("uvicorn app:app --host 0.0.0.0 --port $PORT")]
    #[case::uvicorn_default("uvicorn app:app --host=:: --port=${PORT:-8000}")]
    #[case::gunicorn("gunicorn app:app")]
    #[case::gunicorn_bound("gunicorn -k uvicorn.workers.UvicornWorker -b 0.0.0.0:$PORT app:app")]
    #[case::next("next start")]
    #[case::fastapi("fastapi run app/main.py")]
    fn servers_that_take_the_port_are_in_order(#[case] text: &str) {
        assert!(matches!(listening(&Command::parse(text)), Listening::OnPort(_)), "{:?}", listening(&Command::parse(text)));
    }

    #[rstest]
    #[case::fixed("uvicorn app:app --host 0.0.0.0 --port 8000")]
    #[case::silent("uvicorn app:app --host 0.0.0.0")]
    #[case::loopback("uvicorn app:app --port $PORT")]
    #[case::told_loopback("uvicorn app:app --host 127.0.0.1 --port $PORT")]
    #[case::bound("gunicorn -b 0.0.0.0:8080 app:app")]
    #[case::bound_loopback("gunicorn --bind=127.0.0.1:$PORT app:app")]
    #[case::overridden("PORT=3000 node server.js")]
    #[case::flask("flask run")]
    #[case::own_program("./bin/server --port 8080")]
    #[case::next("next start -p 3000")]
    fn fixed_ports_and_loopback_are_not(#[case] text: &str) {
        assert!(matches!(listening(&Command::parse(text)), Listening::Elsewhere(_)), "{:?}", listening(&Command::parse(text)));
    }

    #[test]
    fn a_program_of_the_project_decides_for_itself() {
        assert_eq!(listening(&Command::parse("./bin/server")), Listening::ByProgram);
    }
}
