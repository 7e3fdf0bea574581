// A landscape from a height map on a base with feet.
foot = 5;

intersection() {
    surface("heights.dat", center = true, convexity = 5);
    translate([0, 0, 2]) cylinder(r = 70, h = 60, $fn = 96, center = true);
}
for (a = [0 : 90 : 270]) rotate(a) translate([60, 0, -4]) cylinder(d = foot, h = 6, $fn = 32);
