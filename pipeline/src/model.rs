//! An evaluated document.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use scadstream_csg::Node;
use scadstream_eval::{Evaluation, Options, Outcome, World, evaluate};
use scadstream_syntax::{Parsed, Severity, Source, SourceId, SourceMap, customizer, decode};

use crate::control::{Control, Progress, Stage, Stopped};
use crate::disk_world::DiskWorld;
use crate::document_world::DocumentWorld;
use crate::input::{Input, Surroundings};
use crate::library::Libraries;
use crate::message::Message;
use crate::parse_cache::ParseCache;

/// A document's CSG tree, with what evaluating it had to say.
#[derive(Debug)]
pub struct Model {
    evaluation: Evaluation,
    messages: Vec<Message>,
    main: Arc<Source>,
    parsed_main: Arc<Parsed>,
}

impl Model {
    pub(crate) fn evaluate(
        input: &Input<'_>,
        libraries: &Libraries,
        parses: &ParseCache,
        options: &Options,
        control: &Control<'_>,
    ) -> Result<Self, Stopped> {
        match &input.surroundings {
            Surroundings::Disk(folder) => {
                Self::in_world(input, &DiskWorld { folder, libraries, parses }, options, control)
            }
            Surroundings::Sent(files) => {
                Self::in_world(input, &DocumentWorld { files, libraries, parses }, options, control)
            }
        }
    }

    fn in_world(
        input: &Input<'_>,
        world: &dyn World,
        options: &Options,
        control: &Control<'_>,
    ) -> Result<Self, Stopped> {
        let (main, bad_encoding) = decode(input.name, &*input.content);
        let main = Arc::new(main);
        let bridge = Bridge { control, refused: RefCell::default() };
        let mut evaluation = evaluate(&main, world, options, &bridge);
        if let Some(reason) = bridge.refused.take() {
            return Err(Stopped::Refused { reason, place: None });
        }
        if evaluation.outcome == Outcome::Cancelled {
            return Err(Stopped::Cancelled);
        }
        if let Some(bad) = bad_encoding {
            evaluation.diagnostics.insert(0, bad.at(SourceId(0)));
        }
        let to_message = |diagnostic| Message::of_evaluation(diagnostic, &evaluation.sources);
        let messages = evaluation.diagnostics.iter().map(to_message).collect();
        let parsed_main = world.parsed(&main);
        Ok(Self { messages, evaluation, main, parsed_main })
    }

    /// The CSG tree; without children if the model is not [complete](Self::is_complete).
    pub fn root(&self) -> &Arc<Node> {
        &self.evaluation.root
    }

    /// Echo output, warnings and errors, in order.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The first error, if there is one.
    pub fn first_error(&self) -> Option<&Message> {
        self.messages.iter().find(|message| message.severity == Severity::Error)
    }

    /// Whether it was evaluated to its end; else its messages say what stopped it.
    pub fn is_complete(&self) -> bool {
        self.evaluation.outcome == Outcome::Complete
    }

    /// Whether the main file is not even well-formed.
    pub fn is_syntax_error(&self) -> bool {
        self.parsed_main.has_errors()
    }

    /// What the main file lets its user adjust, with the values in the source.
    pub fn parameters(&self) -> Vec<customizer::Parameter> {
        customizer::parameters(&self.main, &self.parsed_main.file)
    }

    /// Wall-clock time of reading and parsing.
    pub fn parse_time(&self) -> Duration {
        self.evaluation.stats.load
    }

    /// Wall-clock time of evaluating what was parsed.
    pub fn evaluate_time(&self) -> Duration {
        self.evaluation.stats.run
    }

    pub(crate) fn sources(&self) -> &SourceMap {
        &self.evaluation.sources
    }
}

/// The evaluator's questions, put to the job's control.
struct Bridge<'a> {
    control: &'a Control<'a>,
    refused: RefCell<Option<String>>,
}

impl scadstream_eval::Control for Bridge<'_> {
    fn is_cancelled(&self) -> bool {
        self.control.cancel.is_cancelled()
    }

    fn checkpoint(&self, _progress: scadstream_eval::Progress) -> Result<(), String> {
        let at = Progress { stage: Stage::Evaluate, fraction: None, place: None, operation: None };
        self.control.watch.checkpoint(at).inspect_err(|reason| {
            self.refused.borrow_mut().get_or_insert_with(|| reason.clone());
        })
    }
}
