//! The environment that secrets are taken from, injected so that nothing below reads the process's own.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use secrecy::SecretString;
use thiserror::Error;

/// A variable that `postflight.toml` names is not set.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("environment variable {name} is not set; {purpose}")]
pub struct MissingVariable {
    /// Its name.
    pub name: String,
    /// What it is needed for, as the rest of a sentence.
    pub purpose: String,
}

/// A snapshot of environment variables.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, SecretString>, Option<MissingList>);

/// The variables that were asked for and are not set.
#[derive(Clone, Default)]
pub struct MissingList(Arc<Mutex<Vec<MissingVariable>>>);

impl MissingList {
    fn add(&self, missing: MissingVariable) {
        let mut list = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !list.contains(&missing) {
            list.push(missing);
        }
    }

    /// What was missed so far, in the order in which it was asked for.
    pub fn taken(&self) -> Vec<MissingVariable> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

impl Environment {
    /// The process's own environment; names and values that are not UTF-8 are left out.
    pub fn of_process() -> Self {
        let text =
            |(name, value): (std::ffi::OsString, std::ffi::OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        Self(std::env::vars_os().filter_map(text).map(|(name, value)| (name, value.into())).collect(), None)
    }

    /// An environment of exactly these variables.
    pub fn of<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect(), None)
    }

    /// The value of `name`, if it is set and not empty.
    pub fn get(&self, name: &str) -> Option<SecretString> {
        use secrecy::ExposeSecret as _;
        self.0.get(name).filter(|value| !value.expose_secret().is_empty()).cloned()
    }

    /// A variable whose name is `name` with blanks around it, as copying one into a form leaves them.
    pub fn with_blanks(&self, name: &str) -> Option<(String, SecretString)> {
        let odd = |other: &&String| other.trim() == name && other.as_str() != name;
        self.0.keys().find(odd).and_then(|other| Some((other.clone(), self.get(other)?)))
    }

    /// The same environment, but what is required and missing is noted instead of refused, so that all of it can be named at once. Whoever
    /// takes it must look at the list before using what was made of the empty values.
    pub fn lenient(&self) -> (Self, MissingList) {
        let list = MissingList::default();
        (Self(self.0.clone(), Some(list.clone())), list)
    }

    /// The value of `name`, or an error that says what it is needed for.
    pub fn require(&self, name: &str, purpose: &str) -> Result<SecretString, MissingVariable> {
        let missing = || MissingVariable { name: name.to_owned(), purpose: purpose.to_owned() };
        match (self.get(name), &self.1) {
            (Some(value), _) => Ok(value),
            (None, None) => Err(missing()),
            (None, Some(list)) => {
                list.add(missing());
                Ok(SecretString::default())
            }
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
