/// A sum of products in twice the precision of Float64, as the expected value of a result: the unevaluated sum of two numbers (Dekker
/// 1971), one term after another.
struct DoubleDouble {
    private(set) var high = 0.0
    private(set) var low = 0.0

    var value: Double { high + low }

    mutating func add(_ a: Double) {
        let sum = high + a
        let virtual = sum - high
        low += (high - (sum - virtual)) + (a - virtual)
        high = sum
    }

    mutating func add(_ a: Double, times b: Double) {
        let product = a * b
        add(product)
        low += (-product).addingProduct(a, b)
    }
}
