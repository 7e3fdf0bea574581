// Many small parts that repeat, and one that differs.
first_head = 5;

module screw(head) {
    difference() {
        cylinder(d = head, h = 3, $fn = 32);
        translate([0, 0, 1.5]) cylinder(d = 2.6, h = 3, $fn = 6);
    }
    translate([0, 0, -8]) cylinder(d = 3, h = 8.5, $fn = 24);
    translate([0, 0, -9]) cylinder(d1 = 2, d2 = 3, h = 1, $fn = 24);
}

for (x = [0 : 29], y = [0 : 29])
    translate([x * 8, y * 8, 0]) screw(x + y == 0 ? first_head : 5);
