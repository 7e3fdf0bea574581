//! Options about logging that supervisor and workers share.

use std::ffi::OsString;

use clap::Args;
use scadstream_server::logging::{self, LogFormat};

/// What is logged, and how.
#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    /// Log as text or as JSON lines, to standard error
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = parse_format)]
    log_format: LogFormat,

    /// What is logged: a level (error, warn, info, debug) or a filter such as `info,scadstream_server=debug`
    #[arg(long, value_name = "FILTER", env = "SCADSTREAM_LOG", default_value = "info")]
    log: String,
}

impl LogArgs {
    /// Starts logging.
    ///
    /// # Errors
    /// A line for the user.
    pub(crate) fn start(&self) -> Result<(), String> {
        logging::start(self.log_format, &self.log).map_err(|error| error.to_string())
    }

    /// The same options for another process.
    pub(crate) fn arguments(&self) -> [OsString; 4] {
        let format = match self.log_format {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        };
        ["--log-format".into(), format.into(), "--log".into(), OsString::from(&self.log)]
    }
}

fn parse_format(name: &str) -> Result<LogFormat, String> {
    match name {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("text or json".into()),
    }
}
