//! `scadstream check`: evaluates a model and prints its messages.

use std::process::ExitCode;

use clap::Args;
use scadstream_geometry::CancelToken;
use scadstream_pipeline::{Budgets, Control, Pipeline, Unwatched};

use crate::model_args::ModelArgs;
use crate::run;

/// Evaluate a model and print its messages; geometry is not made.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    model: ModelArgs,
}

/// Runs the command.
pub(crate) fn main(arguments: &CheckArgs) -> ExitCode {
    run::with_stack(|| {
        let input = arguments.model.open()?;
        let pipeline = Pipeline::new(arguments.model.libraries(), Budgets::default());
        let control = Control { cancel: CancelToken::new(), watch: &Unwatched };
        let options = arguments.model.options(&pipeline.parameters(&input))?;
        let model =
            pipeline.evaluate(&input, &options, &control).map_err(|stopped| stopped.to_string())?;
        run::print(model.messages(), arguments.model.quiet);
        Ok(if model.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}
