//! Connection strings as platforms hand them out, and as people break them.

use proptest::prelude::*;
use rstest::rstest;

use super::*;

#[rstest]
#[case::neon(
    "postgresql://app:pw@ep-cool-1-pooler.eu-central-1.aws.neon.tech/db?sslmode=require&channel_binding=require",
    "ep-cool-1-pooler.eu-central-1.aws.neon.tech:5432/db (TLS verify-full)"
)]
#[case::asyncpg("postgresql+asyncpg://app:pw@db.example.com/db?ssl=require", "db.example.com:5432/db (TLS require)")]
#[case::psycopg("postgresql+psycopg2://app:pw@db.example.com/db", "db.example.com:5432/db (TLS verify-full)")]
#[case::vercel(
    "postgres://app:pw@ep-1-pooler.us-east-1.aws.neon.tech/db?pgbouncer=true&connect_timeout=15&sslmode=require",
    "ep-1-pooler.us-east-1.aws.neon.tech:5432/db (TLS verify-full)"
)]
#[case::railway_private(
    "postgresql://postgres:pw@postgres.railway.internal:5432/railway",
    "postgres.railway.internal:5432/railway (TLS prefer)"
)]
#[case::railway_public(
    "postgresql://postgres:pw@containers.proxy.rlwy.net:43210/railway?sslmode=require",
    "containers.proxy.rlwy.net:43210/railway (TLS require)"
)]
#[case::local("postgres://app@localhost/db", "localhost:5432/db (TLS prefer)")]
#[case::local_without_tls("postgres://app@127.0.0.1:5544/db?sslmode=disable", "127.0.0.1:5544/db (TLS disable)")]
#[case::ipv6("postgres://app@[::1]:5544/db", "::1:5544/db (TLS prefer)")]
#[case::upper_case("POSTGRES://app:pw@DB.Example.COM/db", "db.example.com:5432/db (TLS verify-full)")]
#[case::both_agree("postgres://app:pw@db.example.com/db?ssl=require&sslmode=require", "db.example.com:5432/db (TLS require)")]
#[case::neon_stays_full("postgres://app:pw@ep-1.neon.tech/db?sslmode=verify-ca", "ep-1.neon.tech:5432/db (TLS verify-full)")]
fn a_string_of_a_platform_becomes_an_address(#[case] text: &str, #[case] shown: &str) {
    assert_eq!(Address::parse(text).unwrap().to_string(), shown);
}

#[rstest]
#[case("", UrlError::NotAUrl)]
#[case("localhost/db", UrlError::NotAUrl)]
#[case("mysql://app:pw@h/db", UrlError::Scheme)]
#[case("http://app:pw@h/db", UrlError::Scheme)]
#[case("postgresqlx://app:pw@h/db", UrlError::Scheme)]
#[case("postgres://app:p w@h.example/db", UrlError::Character)]
#[case("postgres://app:p\"w@h.example/db", UrlError::Character)]
#[case("postgres://app:p'w@h.example/db", UrlError::Character)]
#[case("postgres://app:p\tw@h.example/db", UrlError::Character)]
#[case("postgres://app:p#w@h.example/db", UrlError::Fragment)]
#[case("postgres://app:p@w@h.example/db", UrlError::Authority)]
#[case("postgres://app:p/w@h.example/db", UrlError::Authority)]
#[case("postgres://app:p?w@h.example/db", UrlError::Authority)]
#[case("postgres://:pw@h.example/db", UrlError::Missing("user"))]
#[case("postgres://app@h.example/db", UrlError::Missing("password"))]
#[case("postgres://app:pw@h.example", UrlError::Missing("database"))]
#[case("postgres://app:pw@h.example/", UrlError::Missing("database"))]
#[case("postgres://app:<password>@h.example/db", UrlError::Placeholder)]
#[case("postgres://app:${PASSWORD}@h.example/db", UrlError::Placeholder)]
#[case("postgres://app:*******@h.example/db", UrlError::Placeholder)]
#[case("postgres://app:%ff@h.example/db", UrlError::Encoding)]
#[case("postgres://app:%00@h.example/db", UrlError::Encoding)]
#[case("postgres://app:pw@h.example/db?sslmode=disable", UrlError::TlsRequired)]
#[case("postgres://app:pw@h.example/db?sslmode=prefer", UrlError::TlsRequired)]
#[case("postgres://app:pw@h.example/db?ssl=false", UrlError::TlsRequired)]
#[case("postgres://app:pw@ep-1.neon.tech/db?sslmode=prefer", UrlError::TlsRequired)]
#[case("postgres://app:pw@h.example/db?sslmode=on", UrlError::TlsValue)]
#[case("postgres://app:pw@h.example/db?ssl=require&sslmode=verify-full", UrlError::TlsConflict)]
#[case("postgres://app:pw@h.example/db?sslmode=require&sslmode=require", UrlError::Duplicate("sslmode"))]
#[case("postgres://app:pw@h.example/db?options=endpoint%3Dep-1", UrlError::Options)]
#[case("postgres://app:pw@h.example/db?statement_cache_size=0", UrlError::Parameter)]
#[case("postgres://app:pw@h.example/db?host=/tmp", UrlError::Parameter)]
fn a_broken_string_says_what_is_broken(#[case] text: &str, #[case] error: UrlError) {
    assert_eq!(Address::parse(text).unwrap_err(), error);
}

#[test]
fn every_field_reaches_the_driver_decoded() {
    let text = "postgres://us%40er:p%23%22+%2F%C3%A9@db.example.com:6000/my%20db?application_name=me";
    let address = Address::parse(text).unwrap();
    assert_eq!(address.password().expose_secret(), "p#\"+/é");
    let options = address.options();
    assert_eq!(options.get_host(), "db.example.com");
    assert_eq!(options.get_port(), 6000);
    assert_eq!(options.get_username(), "us@er");
    assert_eq!(options.get_database(), Some("my db"));
    assert_eq!(options.get_application_name(), Some("me"));
    assert!(matches!(options.get_ssl_mode(), PgSslMode::VerifyFull));
}

#[rstest]
#[case("ep-1-pooler.eu.neon.tech", true)]
#[case("ep-1.eu.neon.tech", false)]
#[case("my-pooler.example.com", true)]
#[case("pooler.example.com", false)]
fn a_pooler_is_known_by_its_name(#[case] host: &str, #[case] pooler: bool) {
    assert_eq!(Address::parse(&format!("postgres://a:b@{host}/db")).unwrap().is_pooler(), pooler);
}

proptest! {
    #[test]
    fn no_text_panics_and_no_error_repeats_it(text in "(postgres://)?[ -~]{0,60}") {
        if let Err(error) = Address::parse(&text) {
            prop_assert!(text.len() < 12 || !error.to_string().contains(&text));
        }
    }

    #[test]
    fn a_password_of_any_characters_survives_percent_encoding(password in "\\PC{1,40}") {
        let encoded = percent_encoding::utf8_percent_encode(&password, percent_encoding::NON_ALPHANUMERIC);
        let address = Address::parse(&format!("postgres://app:{encoded}@db.example.com/db")).unwrap();
        prop_assert_eq!(address.password().expose_secret(), password.as_str());
        let shown = format!("{address} {address:?}");
        prop_assert!(password.len() < 4 || !shown.contains(&password), "shown");
    }
}
