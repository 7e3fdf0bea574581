//! Modules: instantiation, children, modifiers, and the nodes of builtin ones.

mod common;

use common::check_said_and_made as check;
use expect_test::expect;
use scadstream_csg::{Kind, OffsetDelta};
use scadstream_eval::Options;

#[test]
fn user_modules_and_children() {
    check(
        "module m(a) { translate([a, 0, 0]) children(); children(1); } m(1) { cube(1); sphere(2); } m(2);",
        expect![[r#"
            WARNING: Children index (1) out of bounds (0 children) in file main.scad, line 1
            group() {
            	multmatrix([[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]) {
            		group() {
            			cube(size = [1, 1, 1], center = false);
            			sphere($fn = 0, $fa = 12, $fs = 2, r = 2);
            		}
            	}
            	sphere($fn = 0, $fa = 12, $fs = 2, r = 2);
            }
            group() {
            	multmatrix([[1, 0, 0, 2], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]) {
            		group();
            	}
            }

        "#]],
    );
}

#[test]
fn loops_and_conditions() {
    check(
        "for (i = [1:2], j = [i:2]) cube([i, j, 1]); if (false) cube(1); if (false) cube(1); else if (true) cube(2); else cube(3);
         intersection_for (i = [1, 2]) square(i); let (a = 5) cube(a); for (i = []) cube(1); echo(1); assert(true) circle(1);",
        expect![[r#"
            ECHO: 1
            group() {
            	cube(size = [1, 1, 1], center = false);
            	cube(size = [1, 2, 1], center = false);
            	cube(size = [2, 2, 1], center = false);
            }
            group() {
            	group() {
            		cube(size = [2, 2, 2], center = false);
            	}
            }
            intersection() {
            	square(size = [1, 1], center = false);
            	square(size = [2, 2], center = false);
            }
            group() {
            	cube(size = [5, 5, 5], center = false);
            }
            group();
            group() {
            	circle($fn = 0, $fa = 12, $fs = 2, r = 1);
            }

        "#]],
    );
}

#[test]
fn modifiers() {
    check(
        "#union() { %cube(1); *cube(2); } module m() sphere(1); %#m();",
        expect![[r#"

            #union() {
            %	cube(size = [1, 1, 1], center = false);
            }
            %#group() {
            	sphere($fn = 0, $fa = 12, $fs = 2, r = 1);
            }

        "#]],
    );
    check(
        "cube(1); union() { !cube(2); } !cube(3); for (i = [1, 2]) !cube(i);",
        expect![[r#"
            WARNING: More than one Root Modifier (!) in file main.scad, line 1
            WARNING: More than one Root Modifier (!) in file main.scad, line 1
            WARNING: More than one Root Modifier (!) in file main.scad, line 1
            cube(size = [2, 2, 2], center = false);

        "#]],
    );
}

#[test]
fn transforms_are_exact_at_right_angles() {
    check(
        "rotate(90) rotate([0, 90, 0]) rotate(a = 120, v = [1, 1, 1]) mirror([1, 1, 0]) scale([1, 2]) multmatrix([[2]]) resize([1, 0, 2], auto = true) cube(1);",
        expect![[r#"

            multmatrix([[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]) {
            	multmatrix([[0, 0, 1, 0], [0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1]]) {
            		multmatrix([[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]]) {
            			multmatrix([[0, -1, 0, 0], [-1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]) {
            				multmatrix([[1, 0, 0, 0], [0, 2, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]) {
            					multmatrix([[2, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]) {
            						resize(newsize = [1,0,2], auto = [1,1,1], convexity = 0) {
            							cube(size = [1, 1, 1], center = false);
            						}
            					}
            				}
            			}
            		}
            	}
            }

        "#]],
    );
}

#[test]
fn colours() {
    check(
        "color(\"Red\", 0.5) cube(1); color(\"#0f08\") cube(1); color([0, 1, 0.5]) cube(1); color(\"nope\") cube(1); color([2, 0, 0]) cube(1);",
        expect![[r#"
            WARNING: Unable to parse color "nope" in file main.scad, line 1
            Please see https://en.wikipedia.org/wiki/Web_colors
            WARNING: color() expects numbers between 0.0 and 1.0. Value of 2.0 is out of range in file main.scad, line 1
            color([1, 0, 0, 0.5]) {
            	cube(size = [1, 1, 1], center = false);
            }
            color([0, 1, 0, 0.533333]) {
            	cube(size = [1, 1, 1], center = false);
            }
            color([0, 1, 0.5, 1]) {
            	cube(size = [1, 1, 1], center = false);
            }
            color([-1, -1, -1, 1]) {
            	cube(size = [1, 1, 1], center = false);
            }
            color([2, 0, 0, 1]) {
            	cube(size = [1, 1, 1], center = false);
            }

        "#]],
    );
}

#[test]
fn extrusions_and_operations() {
    check(
        "linear_extrude(5, twist = 90, slices = 3) square(1); linear_extrude(scale = [1, 2]) square(1); linear_extrude(v = [1, 0, 1]) square(1);
         rotate_extrude(angle = 90) square(1); offset(delta = 1, chamfer = true) square(1); offset(2) square(1); projection(cut = true) cube(1);
         hull() cube(1); minkowski(convexity = 2) cube(1); render() cube(1);",
        expect![[r#"

            linear_extrude(height = 5, center = false, convexity = 1, twist = 90, slices = 3, scale = [1, 1]) {
            	square(size = [1, 1], center = false);
            }
            linear_extrude(height = 100, center = false, convexity = 1, scale = [1, 2], $fn = 0, $fa = 12, $fs = 2) {
            	square(size = [1, 1], center = false);
            }
            linear_extrude(v = [1, 0, 1], center = false, convexity = 1, scale = [1, 1], $fn = 0, $fa = 12, $fs = 2) {
            	square(size = [1, 1], center = false);
            }
            rotate_extrude(angle = 90, convexity = 2, $fn = 0, $fa = 12, $fs = 2) {
            	square(size = [1, 1], center = false);
            }
            offset(delta = 1, chamfer = true, $fn = 0, $fa = 12, $fs = 2) {
            	square(size = [1, 1], center = false);
            }
            offset(r = 2, $fn = 0, $fa = 12, $fs = 2) {
            	square(size = [1, 1], center = false);
            }
            projection(cut = true, convexity = 0) {
            	cube(size = [1, 1, 1], center = false);
            }
            hull() {
            	cube(size = [1, 1, 1], center = false);
            }
            minkowski(convexity = 2) {
            	cube(size = [1, 1, 1], center = false);
            }
            render(convexity = 1) {
            	cube(size = [1, 1, 1], center = false);
            }

        "#]],
    );
}

#[test]
fn parameters_that_do_not_fit_warn_and_default() {
    check(
        "cube(\"a\"); cube(size = 2, r = 3) sphere(1); translate(\"x\") cylinder(h = 1, r = 2, r1 = 3); circle(r = 1, d = 4); nothing(); sphere(1, $fa = 0.001, $fs = 0);",
        expect![[r#"
            WARNING: Unable to convert cube(size="a", ...) parameter to a number or a vec3 of numbers in file main.scad, line 1
            WARNING: variable "r" not specified as parameter in file main.scad, line 1
            WARNING: module cube() does not support child modules in file main.scad, line 1
            WARNING: Unable to convert translate("x") parameter to a vec3 or vec2 of numbers in file main.scad, line 1
            WARNING: Cylinder parameters ambiguous in file main.scad, line 1
            WARNING: Ignoring radius variable "r" as diameter "d" is defined too. in file main.scad, line 1
            WARNING: Ignoring unknown module 'nothing' in file main.scad, line 1
            WARNING: $fs too small - clamping to 0.010000 in file main.scad, line 1
            WARNING: $fa too small - clamping to 0.010000 in file main.scad, line 1
            cube(size = [1, 1, 1], center = false);
            cube(size = [2, 2, 2], center = false);
            multmatrix([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]) {
            	cylinder($fn = 0, $fa = 12, $fs = 2, h = 1, r1 = 3, r2 = 2, center = false);
            }
            circle($fn = 0, $fa = 12, $fs = 2, r = 2);
            sphere($fn = 0, $fa = 0.01, $fs = 0.01, r = 1);

        "#]],
    );
}

#[test]
fn parameters_overwritten_by_literals() {
    check(
        "module m(a, b) { a = 5; b = b + 1; echo(a, b); } m(1, 2);",
        expect![[r#"
            WARNING: Module m: Parameter a is overwritten with a literal in file main.scad, line 1
            ECHO: 5, 3
            group();

        "#]],
    );
}

#[test]
fn children_by_list_range_and_bad_index() {
    check(
        "module m() { children([0, 2]); children([1:2]); children(-1); children(\"x\"); echo($children); } m() { cube(1); cube(2); echo(\"no node\"); }",
        expect![[r#"
            ECHO: "no node"
            ECHO: "no node"
            WARNING: Negative children index (-1) not allowed in file main.scad, line 1
            WARNING: Bad parameter type ("x") for children, only accept: empty, number, vector, range in file main.scad, line 1
            ECHO: 3
            group() {
            	group() {
            		cube(size = [1, 1, 1], center = false);
            	}
            	group() {
            		cube(size = [2, 2, 2], center = false);
            	}
            }

        "#]],
    );
}

#[test]
fn who_reads_fn_is_told() {
    let reads = |source| common::run(source, &Options::default()).reads_fn;
    assert!(!reads("$fn = 100; sphere(1); circle(5, $fn = 0);"));
    assert!(reads("sphere($fn);"));
}

#[test]
fn offsets_prefer_the_radius() {
    let evaluation = common::run("offset(r = 1, delta = 2) square(1);", &Options::default());
    assert_eq!(
        evaluation.root.children()[0].kind(),
        &Kind::Offset {
            delta: OffsetDelta::Round(1.0),
            fragments: scadstream_csg::Fragments::default()
        }
    );
}

#[test]
fn the_error_bound_of_curves_is_experimental() {
    let source = "$fe = 0.01; sphere(2); circle(1, $fe = 0.5);";
    let plain = common::csg(&common::run(source, &Options::default()));
    assert!(!plain.contains("$fe"), "{plain}");
    let features = ["discretization-by-error".to_owned()].into();
    let enabled = common::run(source, &Options { features, ..Options::default() });
    expect![[r#"
        sphere($fn = 0, $fa = 12, $fs = 2, $fe = 0.01, r = 2);
        circle($fn = 0, $fa = 12, $fs = 2, $fe = 0.5, r = 1);

    "#]]
    .assert_eq(&common::csg(&enabled));
}

#[test]
fn colours_of_the_xkcd_survey() {
    check(
        "color(\"xkcd:Cloudy Blue\") cube(1); color(\"xkcd:nothing\") cube(1);",
        expect![[r#"
            WARNING: Unable to parse color "xkcd:nothing" in file main.scad, line 1
            Please see https://en.wikipedia.org/wiki/Web_colors
            color([0.67451, 0.760784, 0.85098, 1]) {
            	cube(size = [1, 1, 1], center = false);
            }
            color([-1, -1, -1, 1]) {
            	cube(size = [1, 1, 1], center = false);
            }

        "#]],
    );
}
