import CLAPACK
public func f() { var i: Int32 = 0; var a = 1.0; var n: Int32 = 1; dpotrf_("U", &n, &a, &n, &i, 1) }
