// A wall bracket: the small everyday part.
width = 40;
thickness = 4;
hole = 4.2;

module plate(length) {
    difference() {
        cube([width, length, thickness]);
        for (x = [width / 4, width * 3 / 4])
            translate([x, length * 2 / 3, -1])
                cylinder(d = hole, h = thickness + 2, $fn = 32);
    }
}

module gusset(x) {
    translate([x, 0, 0]) rotate([90, 0, 90])
        linear_extrude(thickness)
            polygon([[0, 0], [25, 0], [0, 25]]);
}

plate(50);
rotate([90, 0, 0]) mirror([0, 0, 1]) plate(40);
gusset(0);
gusset(width - thickness);
