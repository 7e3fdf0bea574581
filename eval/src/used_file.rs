//! Calls into used files.

use std::rc::Rc;

use crate::evaluator::{Env, Eval, Evaluator};
use crate::program::KeptFrame;
use crate::scope::{FileId, Frame};

impl Evaluator<'_> {
    /// The frame of a used file for one call into it: its assignments run afresh, unless they gave the same before
    /// whatever the circumstances.
    pub(crate) fn enter_file(&mut self, file: FileId) -> Eval<Rc<Frame>> {
        if let Some(KeptFrame { frame, specials }) =
            self.program.files[file.0 as usize].frame.clone()
        {
            for (special, value) in specials.iter() {
                self.set_special(*special, value.clone());
            }
            return Ok(frame);
        }
        let block = self.program.file_block(file);
        let frame = Rc::new(Frame::new(None, block.frame_slots as usize));
        let mark = self.mark();
        let circumstances =
            |this: &Self| (this.outside_reads, this.unrepeatable, this.program.messages.count);
        let before = circumstances(self);
        let base = self.enter(&block);
        let env = &Env { base, frame: &frame, closure: None };
        let result = self.assigns(&block, env);
        self.stack.truncate(base);
        result?;
        if before == circumstances(self) {
            let kept =
                KeptFrame { frame: Rc::clone(&frame), specials: self.set_since(mark).into() };
            self.program.files[file.0 as usize].frame = Some(kept);
        }
        Ok(frame)
    }

    /// Makes the functions and modules of a used file that are named `$name` known for a call into it.
    pub(crate) fn define_file(&mut self, file: FileId, frame: &Rc<Frame>) -> usize {
        let block = self.program.file_block(file);
        self.define(&block, frame)
    }

    /// Ends a call into a used file.
    pub(crate) fn leave_file(&mut self, file: FileId, frame: Rc<Frame>) {
        if self.program.files[file.0 as usize].frame.is_some() {
            return;
        }
        if Rc::strong_count(&frame) == 1 + frame.own_functions() {
            frame.clear();
        } else {
            // A function of the file was returned, and lives on with the frame.
            self.kept_frames.push(frame);
        }
    }
}
