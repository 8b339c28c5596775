/// An unevaluated sum of two Float64 numbers, good for about 31 digits (Dekker 1971). The oracle computes with it, so that its own rounding
/// does not show.
struct DoubleDouble: Sendable {
    var high: Double
    var low: Double

    init(_ value: Double) {
        high = value
        low = 0
    }

    private init(sum a: Double, _ b: Double) {
        high = a + b
        low = high.isFinite ? b - (high - a) : 0
    }

    /// a·b, exactly.
    init(_ a: Double, times b: Double) {
        high = a * b
        low = high.isFinite ? (-high).addingProduct(a, b) : 0
    }

    var value: Double { high }

    static func + (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
        let sum = a.high + b.high
        let virtual = sum - a.high
        let error = (a.high - (sum - virtual)) + (b.high - virtual)
        return DoubleDouble(sum: sum, error + a.low + b.low)
    }

    static prefix func - (a: DoubleDouble) -> DoubleDouble {
        var result = a
        result.high = -a.high
        result.low = -a.low
        return result
    }

    static func - (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble { a + (-b) }

    static func * (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
        let product = DoubleDouble(a.high, times: b.high)
        return DoubleDouble(sum: product.high, product.low + a.high * b.low + a.low * b.high)
    }

    static func / (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
        let quotient = a.high / b.high
        guard quotient.isFinite else { return DoubleDouble(quotient) }
        let rest = a - b * DoubleDouble(quotient)
        return DoubleDouble(sum: quotient, rest.high / b.high)
    }

    static func += (a: inout DoubleDouble, b: DoubleDouble) { a = a + b }

    /// √a for a > 0.
    var squareRoot: DoubleDouble {
        let root = high.squareRoot()
        guard root > 0, root.isFinite else { return DoubleDouble(root) }
        let rest = self - DoubleDouble(root, times: root)
        return DoubleDouble(sum: root, rest.high / (2 * root))
    }
}
