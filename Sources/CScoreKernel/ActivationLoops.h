// The loops of `Activations.c` for one instruction set; included once for each, with NAME(…) naming its functions.

INLINE void NAME(gelu64)(double *h, double factor) {
    doubles z = *(doubles *)h * factor;
    doubles a = (doubles)((longs)z & 0x7fffffffffffffff);
    longs is_far = a > 37.5;
    // Beyond, Φ(−a) counts as 0: it is below 10⁻³⁰⁷.
    a = (doubles)((longs)a & ~is_far);
    // a² = high² + rest exactly but for the rest's rounding: exp would multiply the rounding of a² by a²/2.
    doubles high = (doubles)((longs)a & (long long)0xfffffffff8000000);
    doubles square = high * high * -0.5;
    doubles rest = (a - high) * (a + high) * -0.5;
    doubles shifted = square * 0x1.71547652b82fep+0 + ROUND64;
    doubles turns = shifted - ROUND64;
    doubles r = ((square - turns * 0x1.62e42fefap-1) - turns * 0x1.cf79abc9e3b3ap-40) + rest;
    doubles p, g;
    POLYNOMIAL(p, exp64, COUNT(exp64), r);
    doubles power = (doubles)(((longs)shifted + 1023) << 52);
    doubles e = (1 + (r + r * r * p)) * power;
    doubles w = (a - 5) / (a + 5);
    POLYNOMIAL(g, tail64, COUNT(tail64), w);
    doubles tail = e * g / (1 + 1.25 * a);
    tail = (doubles)((longs)tail & ~is_far);
    longs is_negative = z < 0;
    doubles share = (doubles)(((longs)tail & is_negative) | ((longs)(1 - tail) & ~is_negative));
    *(doubles *)h = z * share;
}

INLINE void NAME(gelu32)(float *h, float factor) {
    floats z = *(floats *)h * factor;
    floats a = (floats)((ints)z & 0x7fffffff);
    // An infinite sum may have overflowed on its way: it becomes NaN, 0·∞.
    ints is_far = a > 13.0f;
    a = (floats)((ints)a & ~is_far);
    floats high = (floats)((ints)a & (int)0xfffff000);
    floats square = high * high * -0.5f;
    floats rest = (a - high) * (a + high) * -0.5f;
    floats shifted = square * 0x1.715476p+0f + ROUND32;
    floats turns = shifted - ROUND32;
    floats r = ((square - turns * 0x1.62ep-1f) - turns * 0x1.0bfbe8p-15f) + rest;
    floats p, g;
    POLYNOMIAL(p, exp32, COUNT(exp32), r);
    floats power = (floats)(((ints)shifted + 127) << 23);
    floats e = (1 + (r + r * r * p)) * power;
    floats w = (a - 2) / (a + 2);
    POLYNOMIAL(g, tail32, COUNT(tail32), w);
    floats tail = e * g / (1 + 1.25f * a);
    tail = (floats)((ints)tail & ~is_far);
    ints is_negative = z < 0;
    floats share = (floats)(((ints)tail & is_negative) | ((ints)(1 - tail) & ~is_negative));
    // z − z is NaN if z is infinite, else 0.
    *(floats *)h = z * share + (z - z);
}

INLINE void NAME(cosine64)(double *h, const float *phase, double factor, double amplitude) {
    doubles shift;
    for (int lane = 0; lane < DOUBLES; lane++) shift[lane] = phase[lane];
    doubles t = *(doubles *)h * factor + shift;
    doubles size = (doubles)((longs)t & 0x7fffffffffffffff);
    // Whole turns; beyond 2⁵¹ the place in the turn is lost.
    doubles r = t - ((t + ROUND64) - ROUND64);
    r = (doubles)((longs)r & (size < 0x1p51));
    doubles u = 0.25 - (doubles)((longs)r & 0x7fffffffffffffff);
    doubles square = u * u, p;
    POLYNOMIAL(p, turn64 + 1, COUNT(turn64) - 1, square);
    *(doubles *)h = (u * turn64[0] + u * (square * p + TURN64_REST)) * amplitude;
}

INLINE void NAME(cosine32)(float *h, const float *phase, float factor, float amplitude) {
    floats t = *(floats *)h * factor + *(const floats *)phase;
    floats size = (floats)((ints)t & 0x7fffffff);
    floats r = t - ((t + ROUND32) - ROUND32);
    floats u = 0.25f - (floats)((ints)r & 0x7fffffff);
    floats square = u * u, p;
    POLYNOMIAL(p, turn32 + 1, COUNT(turn32) - 1, square);
    floats cosine = (u * turn32[0] + u * (square * p + TURN32_REST)) * amplitude;
    // NaN where too few digits of the turn are left.
    *(floats *)h = (floats)((ints)cosine | ~(size < (float)ACTIVATION_LARGEST_TURN));
}

void NAME(gelu_f64)(double *h, size_t count, double factor) {
    ACTIVATE(double, DOUBLES, NAME(gelu64)(part, factor))
}

void NAME(gelu_f32)(float *h, size_t count, float factor) { ACTIVATE(float, FLOATS, NAME(gelu32)(part, factor)) }

void NAME(cosine_f64)(double *h, const float *phase, size_t count, double factor, double amplitude) {
    ACTIVATE(double, DOUBLES, NAME(cosine64)(part, phase + first, factor, amplitude))
}

void NAME(cosine_f32)(float *h, const float *phase, size_t count, float factor, float amplitude) {
    ACTIVATE(float, FLOATS, NAME(cosine32)(part, phase + first, factor, amplitude))
}
