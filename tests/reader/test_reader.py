"""The independent reader against a real server: what is streamed is what is exported.

usage: test_reader.py ADDRESS
"""

import sys
import unittest

import scadstream_reader as reader

MODELS = {
    "cube": "cube([1, 2, 3]);",
    "drilled": "difference() { cube(20, center = true); cylinder(r = 4, h = 30, center = true, $fn = 60); }",
    "overlapping": "cube(10); translate([5, 5, 5]) cube(10); translate([40, 0, 0]) sphere(r = 8, $fn = 48);",
    "fine": "difference() { sphere(r = 20, $fn = 160); translate([9, 2, 1]) sphere(r = 15, $fn = 160); }",
    "far away": "translate([1000, -2000, 500]) rotate([10, 20, 30]) cube([7, 8, 9]);",
}


class Streamed(unittest.TestCase):
    """Each test has a session of its own."""

    def setUp(self):
        self.session = reader.Reader(ADDRESS)
        self.addCleanup(self.session.close)

    def check_scene(self, rendered, name):
        scene = rendered.scenes[-1]
        self.assertEqual(scene.level, reader.LEVEL_EXACT, name)
        triangles = list(self.session.triangles(scene))
        self.assertEqual(reader.open_edges(triangles), 0, f"{name} is closed")
        stl = list(reader.stl_triangles(self.session.export()))
        self.assertEqual(reader.open_edges(stl), 0, f"the exported {name} is closed")
        for other in (reader.volume(stl), rendered.volume):
            self.assertAlmostEqual(reader.volume(triangles) / other, 1.0, delta=1e-4, msg=name)
        self.assertEqual(len(triangles), rendered.triangles)

    def test_models_are_what_is_exported(self):
        for name, source in MODELS.items():
            self.check_scene(self.session.render(source), name)

    def test_an_edit_brings_what_changed_and_an_undo_nothing(self):
        source = "for (i = [0 : 19]) translate([i * 12, 0, 0]) sphere(r = {} + i / 100, $fn = 40);"
        before = source.format(5)
        first = self.session.render(before + " cube(1);")
        edited = self.session.render(before + " cube(2);")
        self.check_scene(edited, "edited")
        self.assertLess(edited.bytes_received, first.bytes_received)
        undone = self.session.render(before + " cube(1);")
        self.assertEqual(undone.chunks_received, 0)
        self.check_scene(undone, "undone")

    def test_a_new_session_needs_not_what_an_old_one_had(self):
        rendered = self.session.render(MODELS["fine"])
        self.assertGreater(rendered.chunks_received, 0)
        hashes = list(self.session.chunks)
        again = reader.Reader(ADDRESS, known=hashes)
        self.addCleanup(again.close)
        again.chunks = dict(self.session.chunks)
        self.assertEqual(again.render(MODELS["fine"], reader.DETAIL_EXACT).chunks_received, 0)

    def test_what_was_dropped_comes_when_asked_for(self):
        self.session.render(MODELS["drilled"], reader.DETAIL_EXACT)
        self.session.chunks.clear()
        rendered = self.session.render(MODELS["drilled"], reader.DETAIL_EXACT)
        self.assertGreater(rendered.chunks_received, 0)
        self.check_scene(rendered, "asked for")

    def test_a_fault_of_the_model_is_told(self):
        with self.assertRaises(reader.RenderFailed) as failed:
            self.session.render("cube(;")
        self.assertEqual(failed.exception.code, 1)


if __name__ == "__main__":
    ADDRESS = sys.argv.pop(1)
    outcome = unittest.main(exit=False, verbosity=0).result
    if not outcome.wasSuccessful():
        sys.exit(1)
    print(f"{outcome.testsRun} passed, 0 failed")
