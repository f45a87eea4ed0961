//! The environment, right and wrong.

use insta::assert_snapshot;
use rstest::rstest;

use super::*;

const SECRET: &str = "kT9wq2Zr7LxV4mBn8JcY3hGf6PdS1aQe";
const OTHER: &str = "Zp4Wn8Qy2Rk6Tv1Xs5Md9Lc3Hb7Jf0Ga";

/// A production environment that works, with changes; an empty value takes a variable away, so `<empty>` stands for one.
fn vars(changes: &[(&str, &str)]) -> BTreeMap<String, String> {
    let base = [
        ("ENVIRONMENT", "production"),
        ("PORT", "8000"),
        ("DATABASE_URL", "postgresql://app:db-pass@ep-1-pooler.eu.aws.neon.tech/db?sslmode=require"),
        ("DATABASE_URL_UNPOOLED", "postgresql://app:db-pass@ep-1.eu.aws.neon.tech/db?sslmode=require"),
        ("JWT_SECRET", SECRET),
        ("CORS_ORIGINS", "https://app.example.com"),
    ];
    let mut vars: BTreeMap<String, String> = base.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    for (name, value) in changes {
        match *value {
            "" => drop(vars.remove(*name)),
            "<empty>" => drop(vars.insert((*name).into(), String::new())),
            value => drop(vars.insert((*name).into(), value.into())),
        }
    }
    vars
}

fn parse(changes: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_env_map(vars(changes))
}

/// The variables that are named, and the messages, of a configuration that must fail.
fn problems(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    parse(changes).expect_err("problems").0.into_iter().map(|problem| (problem.variable, problem.message)).collect()
}

#[test]
fn production_works_with_the_variables_that_it_needs() {
    let config = parse(&[]).unwrap();
    assert_eq!((config.environment, config.port, config.docs), (Environment::Production, 8000, false));
    assert_eq!(config.host, Host::default());
    assert_eq!(config.pool, PoolSettings::default());
    assert_eq!(config.origins, ["https://app.example.com"]);
    assert!(config.log.json);
}

#[test]
fn development_needs_a_database_and_a_secret_only() {
    let gone = [
        ("ENVIRONMENT", ""),
        ("PORT", ""),
        ("CORS_ORIGINS", ""),
        ("DATABASE_URL", "postgres://app@localhost/db"),
        ("DATABASE_URL_UNPOOLED", ""),
    ];
    let config = parse(&gone).unwrap();
    assert_eq!((config.environment, config.port, config.docs), (Environment::Development, 8080, true));
    assert!(config.origins.is_empty());
}

#[test]
fn an_empty_environment_gets_one_message_that_names_everything() {
    let error = Config::from_env_map([("ENVIRONMENT".to_owned(), "production".to_owned())]).unwrap_err();
    assert_snapshot!(error, @r"
    the configuration has 4 problems; nothing was started:
      PORT          is missing: the platform sets it; the server must listen where it routes to
      DATABASE_URL  is missing: the pooled PostgreSQL URL, postgresql://user:password@host/database?sslmode=verify-full
      JWT_SECRET    is missing: the secret that signs the tokens, 32 random bytes or more (or BETTER_AUTH_SECRET)
      CORS_ORIGINS  is missing: the exact https origins of the front end, for example https://app.example.com
    ");
}

#[rstest]
#[case::unknown("ENVIRONMENT", "prod", "is not one of production, staging, development (lower case)")]
#[case::case("ENVIRONMENT", "Production", "is not one of production, staging, development (lower case)")]
#[case::port_zero("PORT", "0", "is not a whole number from 1 to 65535")]
#[case::port_big("PORT", "65536", "is not a whole number from 1 to 65535")]
#[case::port_sign("PORT", "+80", "is not a whole number from 1 to 65535")]
#[case::port_text("PORT", "$PORT", "is not a whole number from 1 to 65535")]
#[case::host("HOST", "localhost", "is not an IP address such as [::], 0.0.0.0 or 127.0.0.1")]
#[case::metrics("METRICS_PORT", "8000", "is the same as PORT: metrics must not be public")]
#[case::sqlite("DATABASE_URL", "sqlite:tasks.sqlite", "is SQLite, which only development may use: give a PostgreSQL URL")]
#[case::mysql("DATABASE_URL", "mysql://a:b@h/db", "is not a PostgreSQL URL: it must start with postgresql:// or postgres://")]
#[case::no_tls(
    "DATABASE_URL",
    "postgres://a:b@h.example/db?sslmode=disable",
    "would go to a remote host without TLS: use sslmode=require or, better, sslmode=verify-full"
)]
#[case::pooled_direct(
    "DATABASE_URL_UNPOOLED",
    "postgres://a:b@ep-1-pooler.eu.neon.tech/db",
    "is a pooled host: use the direct one (Neon: the host without `-pooler`)"
)]
#[case::pool("DB_POOL_MAX", "0", "is not a whole number from 1 to 100")]
#[case::pool_min("DB_POOL_MIN", "11", "is not a whole number from 0 to 10")]
#[case::idle("DB_POOL_IDLE_SECS", "300", "is not a whole number from 10 to 280")]
#[case::leeway("JWT_LEEWAY_SECS", "61", "is not a whole number from 0 to 60")]
#[case::lifetime("JWT_MAX_LIFETIME_SECS", "59", "is not a whole number from 60 to 31536000")]
#[case::mode("JWT_MODE", "HS256", "is not hs256")]
#[case::docs("API_DOCS", "true", "is neither enabled nor disabled")]
#[case::rate("RATE_LIMIT_PER_SECOND", "0", "is not a whole number from 1 to 100000")]
#[case::log("LOG_FORMAT", "xml", "is neither json nor text")]
#[case::filter("RUST_LOG", "server=loud=very", "is not in tracing's syntax, for example info or server=debug,sqlx=warn")]
#[case::empty("JWT_AUDIENCE", "<empty>", "is set but empty: give it a value or remove it")]
#[case::quotes(
    "CORS_ORIGINS",
    "\"https://app.example.com\"",
    "has quotes around its value: the platform does not remove them, so leave them out"
)]
#[case::spaces("PORT", " 8000", "has spaces around its value: remove them")]
#[case::newline(
    "JWT_SECRET",
    "kT9wq2Zr7LxV4mBn8JcY3hGf6PdS1aQe\n",
    "contains a line break or another control character: remove it"
)]
#[case::not_utf8("JWT_ISSUER", "a\u{fffd}", "is not UTF-8 text")]
fn a_wrong_value_is_named_with_its_fix(#[case] name: &str, #[case] value: &str, #[case] message: &str) {
    let problems = problems(&[(name, value)]);
    assert!(problems.contains(&(name.into(), message.into())), "{problems:#?}");
    assert!(problems.iter().all(|(named, _)| named == name), "{problems:#?}");
}

#[rstest]
#[case::spaced_name("JWT_AUDIENCE ", "JWT_AUDIENCE", "has spaces around its name, so it would not be read: remove them")]
#[case::pg_options("PGOPTIONS", "PGOPTIONS", "would change every database connection behind DATABASE_URL's back: unset it")]
fn variables_that_would_act_unseen_are_refused(#[case] name: &str, #[case] named: &str, #[case] message: &str) {
    assert_eq!(problems(&[(name, "x")]), [(named.to_owned(), message.to_owned())]);
}

#[rstest]
#[case::short("kT9wq2Zr7LxV4mBn8JcY3hGf6PdS1aQ", "shorter than 32 bytes")]
#[case::placeholder("changeme-changeme-changeme-changeme", "placeholder")]
#[case::template("your-secret-key-with-at-least-32-characters", "placeholder")]
#[case::angle("<generate-a-long-random-value-for-this>", "placeholder")]
#[case::unexpanded("${JWT_SECRET_FROM_THE_VAULT_OF_PRODUCTION}", "placeholder")]
#[case::one_letter("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "easy to guess")]
#[case::repeated("p4ssw0rdp4ssw0rdp4ssw0rdp4ssw0rd", "easy to guess")]
#[case::repeated_cut("correcthorsecorrecthorsecorrectho", "easy to guess")]
#[case::sequence("abcdefghijklmnopqrstuvwxyz0123456789", "easy to guess")]
#[case::digits("10101001010011010101001110101010", "easy to guess")]
fn a_weak_secret_is_refused_without_being_shown(#[case] secret: &str, #[case] why: &str) {
    for name in ["JWT_SECRET", "JWT_SECRET_PREVIOUS"] {
        let problems = problems(&[(name, secret)]);
        assert!(problems.iter().all(|(named, message)| named == name && message.contains(why)), "{problems:?}");
        assert!(!format!("{problems:?}").contains(secret));
    }
}

#[rstest]
#[case::base64("n0zqJmW1b5gk3rXGd8uVt2yHhQeFfSa7LpCi4oRjKlM=")]
#[case::hexadecimal("9f86d081884c7d659a2feaa0c55ad015")]
#[case::symbols("!Q7e#Rt9$Yu2^Io4&Pa6*Sd8(Fg1)Hj3_Kl5")]
fn a_random_secret_is_accepted(#[case] secret: &str) {
    assert!(parse(&[("JWT_SECRET", secret)]).is_ok());
}

#[test]
fn better_auth_names_the_same_secret_and_only_one_name_may_be_used() {
    assert!(parse(&[("JWT_SECRET", ""), ("BETTER_AUTH_SECRET", SECRET)]).is_ok());
    let both = problems(&[("BETTER_AUTH_SECRET", OTHER)]);
    assert_eq!(
        both,
        [("BETTER_AUTH_SECRET".into(), "is set beside JWT_SECRET: keep the one that signs the tokens, remove the other".into())]
    );
}

#[rstest]
#[case::previous(&[("JWT_SECRET_PREVIOUS", SECRET)], "is the same secret as JWT_SECRET_PREVIOUS: make them different")]
#[case::database(&[("JWT_SECRET", "db-Zp4Wn8Qy2Rk6Tv1Xs5Md9Lc3Hb7Jf0"), ("DATABASE_URL", "postgres://app:db-Zp4Wn8Qy2Rk6Tv1Xs5Md9Lc3Hb7Jf0@h.example/db")], "is the same secret as the password of DATABASE_URL: make them different")]
fn one_secret_for_two_purposes_is_refused(#[case] changes: &[(&str, &str)], #[case] message: &str) {
    assert_eq!(problems(changes), [("JWT_SECRET".into(), message.into())]);
}

#[test]
fn public_key_verification_is_refused_and_not_ignored() {
    let fix = "is for verification with public keys (JWKS), which this release does not support: remove it and sign HS256 with JWT_SECRET";
    let ask = ", or set JWT_MODE=hs256 to say that tokens are HS256 although it is set";
    for name in ["JWKS_URL", "BETTER_AUTH_URL"] {
        assert_eq!(problems(&[(name, "https://auth.example.com")]), [(name.into(), format!("{fix}{ask}"))]);
        assert!(parse(&[(name, "https://auth.example.com"), ("JWT_MODE", "hs256")]).is_ok());
    }
    assert_eq!(problems(&[("JWT_MODE", "jwks")]), [("JWT_MODE".into(), fix.into())]);
}

#[rstest]
#[case("*", "has a wildcard: name each origin exactly")]
#[case("https://*.vercel.app", "has a wildcard: name each origin exactly")]
#[case("null", "is null, which any sandboxed page can send")]
#[case("https://app.example.com/", "has a trailing slash: remove it")]
#[case("https://app.example.com/path", "has a path: an origin is only scheme, host and port")]
#[case("https://app.example.com?x", "has a path: an origin is only scheme, host and port")]
#[case("https://u@app.example.com", "has user information: an origin is only scheme, host and port")]
#[case("https://App.example.com", "has upper-case letters: browsers send lower case")]
#[case(
    "https://app.example.com:443",
    "is not spelled as browsers send it: lower case, no default port, punycode for other alphabets"
)]
#[case("https://müller.example", "is not spelled as browsers send it: lower case, no default port, punycode for other alphabets")]
#[case("http://app.example.com", "is http: browsers would send tokens in the clear; use https")]
#[case("http://localhost:3000", "is http: browsers would send tokens in the clear; use https")]
#[case("https://localhost", "is localhost: a page on anybody's own machine could use the API")]
#[case("https://127.0.0.1", "is an IP address: use the front end's domain name")]
#[case("https://203.0.113.1", "is an IP address: use the front end's domain name")]
#[case("https://app.local", "has a reserved ending that nobody owns")]
#[case("https://app.test", "has a reserved ending that nobody owns")]
#[case("https://app", "is not a full domain name")]
#[case("https://app.example.com.", "ends in a dot: browsers send the name without it")]
#[case("ftp://app.example.com", "is not an https origin")]
#[case("app.example.com", "is not a URL: write https://host")]
#[case("[\"https://app.example.com\"]", "is JSON or quoted: write plain origins separated by commas")]
#[case("https://b.example.com https://a.example.com", "has a space in it: separate origins with commas")]
fn an_origin_that_is_not_exact_is_refused_with_its_fix(#[case] origin: &str, #[case] fix: &str) {
    let list = format!("https://fine.example.com,{origin}");
    assert_eq!(problems(&[("CORS_ORIGINS", &list)]), [("CORS_ORIGINS".into(), format!("entry 2: {fix}"))]);
}

#[test]
fn origins_are_separated_by_commas_and_named_once() {
    let config = parse(&[("CORS_ORIGINS", "https://a.example.com, https://b.example.com:8443")]).unwrap();
    assert_eq!(config.origins, ["https://a.example.com", "https://b.example.com:8443"]);
    let twice = problems(&[("CORS_ORIGINS", "https://a.example.com,https://a.example.com,")]);
    let messages: Vec<&str> = twice.iter().map(|(_, message)| message.as_str()).collect();
    assert_eq!(messages, ["entry 2: is there twice", "entry 3: is empty: remove the extra comma"]);
}

#[test]
fn localhost_is_an_origin_in_development_only() {
    let dev =
        [("ENVIRONMENT", "development"), ("CORS_ORIGINS", "http://localhost:3000,http://127.0.0.1:5173,https://app.example.com")];
    assert_eq!(parse(&dev).unwrap().origins.len(), 3);
    assert!(parse(&[("ENVIRONMENT", "staging"), ("CORS_ORIGINS", "http://localhost:3000")]).is_err());
    assert!(parse(&[("ENVIRONMENT", "development"), ("CORS_ORIGINS", "http://app.example.com")]).is_err());
}

#[test]
fn the_platform_must_not_guess_the_environment() {
    let unset = [("ENVIRONMENT", ""), ("RAILWAY_PROJECT_ID", "p")];
    assert_eq!(
        problems(&unset),
        [("ENVIRONMENT".into(), "is missing while RAILWAY_* variables are set: say production, staging or development".into())]
    );
    let disagree = [("ENVIRONMENT", "staging"), ("RAILWAY_ENVIRONMENT_NAME", "production")];
    assert_eq!(
        problems(&disagree),
        [("ENVIRONMENT".into(), "is not production, but RAILWAY_ENVIRONMENT_NAME is: make them agree".into())]
    );
}

#[test]
fn the_platform_says_what_runs_and_how_long_it_waits() {
    let said = [
        ("RAILWAY_GIT_COMMIT_SHA", "abc"),
        ("RAILWAY_DEPLOYMENT_ID", "dep"),
        ("RAILWAY_REPLICA_ID", "rep"),
        ("RAILWAY_DEPLOYMENT_DRAINING_SECONDS", "30"),
    ];
    let config = parse(&said).unwrap();
    assert_eq!(config.release.commit.as_deref(), Some("abc"));
    assert_eq!(config.release.deployment.as_deref(), Some("dep"));
    assert_eq!(config.release.replica.as_deref(), Some("rep"));
    assert_eq!(config.patience.drain, Duration::from_secs(29));
    assert!(config.behind_edge);
    assert!(!parse(&[]).unwrap().behind_edge);
}

#[test]
fn nothing_that_is_printed_contains_a_secret() {
    let changes = [("JWT_SECRET_PREVIOUS", OTHER)];
    let shown = format!("{:?} {}", parse(&changes).unwrap(), Report::of(vars(&changes)).to_json().unwrap());
    for secret in [SECRET, OTHER, "db-pass"] {
        assert!(!shown.contains(secret), "{secret}");
    }
    let wrong = [("JWT_SECRET_PREVIOUS", OTHER), ("PORT", "x"), ("DATABASE_URL", "mysql://app:db-pass@h/db")];
    let shown = format!("{:?} {}", parse(&wrong).unwrap_err(), Report::of(vars(&wrong)));
    for secret in [SECRET, OTHER, "db-pass"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

#[cfg(feature = "embedded")]
#[test]
fn an_embedded_server_keeps_every_rule_but_the_engines() {
    let directory = std::env::temp_dir();
    let options = EmbeddedOptions::new(&directory, SECRET.into(), ["https://app.example.com".to_owned()]);
    let config = Config::embedded(options.clone()).unwrap();
    assert_eq!((config.environment, config.port, config.docs), (Environment::Production, 0, false));
    assert!(matches!(config.engine, Engine::Sqlite { .. }));
    assert!(config.host.ip.is_loopback());
    let weak = EmbeddedOptions { jwt_secret: "short".into(), cors_origins: vec!["*".into()], rate_limit_burst: 0, ..options };
    let named: Vec<String> = Config::embedded(weak).unwrap_err().0.into_iter().map(|problem| problem.variable).collect();
    assert_eq!(named, ["JWT_SECRET", "CORS_ORIGINS", "RATE_LIMIT_BURST"]);
}
