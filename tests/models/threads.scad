// Two flanges held by eight bolts with cut threads, and nuts on them.
bolts = 8;
pitch = 2;
fine = 48;

// The cross-section of a one-start thread is a disc beside the axis.
module thread(r, h) linear_extrude(h, twist = -360 * h / pitch, slices = 24 * h / pitch)
    translate([0.4, 0]) circle(r, $fn = fine);

module bolt() {
    translate([0, 0, -4]) cylinder(d = 16, h = 4, $fn = 6);
    thread(4.6, 30);
}

module nut() difference() {
    cylinder(d = 16, h = 7, $fn = 6);
    translate([0, 0, -1]) thread(4.8, 10);
}

module flange() difference() {
    cylinder(r = 50, h = 8, $fn = 200);
    translate([0, 0, -1]) cylinder(r = 20, h = 10, $fn = 120);
    for (i = [1 : bolts]) rotate(360 * i / bolts) translate([36, 0, -1]) cylinder(r = 5.5, h = 10, $fn = 60);
}

flange();
translate([0, 0, 8]) flange();
for (i = [1 : bolts]) rotate(360 * i / bolts) translate([36, 0, 0]) bolt();
for (i = [1 : bolts]) rotate(360 * i / bolts)
    translate([36, 0, 16]) rotate(i == 3 ? turned : 0) nut();
